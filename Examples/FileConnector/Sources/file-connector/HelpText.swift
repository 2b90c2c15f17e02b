// SPDX-License-Identifier: Apache-2.0

enum HelpText {
    static let text = """
        Copies the lines of files into one file: nothing lost, nothing twice, in order, also after kill -9.

        USAGE
          file-connector run --from PATH [--from PATH …] --to PATH --state DIR
                             [--format lines|cloudevents] [--follow] [--commit-interval 1s]
                             [--batch 4000] [--append] [--bypass-cache] [--quiet]
          file-connector run --config FILE [--log-format text|json] [--log-level LEVEL] [--quiet]
          file-connector check | settings | offsets | redrive …
          file-connector --version | --help

        A configuration describes any number of pipelines with the types that 'file-connector settings' lists. Type
        'file-connector COMMAND --help' for the other commands.

        OPTIONS
          --from PATH             An input file. May be given several times; the lines of each input keep their
                                  order. Further inputs may be added later.
          --to PATH               The output file. It is made if it does not exist.
          --state DIR             The directory that remembers how far the work has come. One state belongs to one
                                  output. It is made if it does not exist.
          --format lines          Writes the lines as they are (default).
          --format cloudevents    Writes one CloudEvent in JSON per line: "data" is the line's text ("data_base64"
                                  where it is not UTF-8), "source" the input's file URI, "subject" the byte offset.
          --follow                Goes on at the end of the inputs, as tail -F does, through rotation by rename,
                                  copy-truncate and re-creation. Without it the end of the inputs is the end.
          --commit-interval TIME  How often progress is made durable, such as 250ms, 1s or 5m (default 1s).
          --batch N               The most lines that travel together (default 4000).
          --append                Accepts an output that exists already although the state knows nothing of it.
          --bypass-cache          Long writes go past the system's cache, which stays as it is for others: for an output
                                  that nobody reads soon. Lines appear at each commit. Linux only, elsewhere without
                                  effect.
          --quiet                 Prints no progress and no summary.
          --help                  Prints this text.

        A run that was stopped, or killed, is continued by giving the same command again: the output is first cut back
        to what was committed. SIGTERM and SIGINT finish what was read and stop; a second one cuts that short.

        Progress, the summary and errors go to standard error; a run prints nothing on standard output.

        STATUS
          0  done: the end of the inputs was reached, or a stop was asked for
          1  failed: the message says what is wrong and what to do; also where 'check' finds a mistake, and where
             'redrive' keeps a letter
          2  the command line or the configuration is wrong
          3  a deadline passed: the message names the call that hangs

        """
}
