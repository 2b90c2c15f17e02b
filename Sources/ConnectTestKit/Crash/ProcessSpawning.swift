// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
import Darwin
private typealias SpawnActions = posix_spawn_file_actions_t?
private typealias SpawnAttributes = posix_spawnattr_t?
#elseif canImport(Musl)
import Musl
private typealias SpawnActions = posix_spawn_file_actions_t
private typealias SpawnAttributes = posix_spawnattr_t
#else
import Glibc
private typealias SpawnActions = posix_spawn_file_actions_t
private typealias SpawnAttributes = posix_spawnattr_t
#endif

/// Starts a process with nothing on standard input and the given descriptors as its outputs.
///
/// It begins with every signal as a new process has it, whatever this process blocks or ignores.
func spawn(_ command: ProcessCommand, output: Int32, errors: Int32) throws(CrashTestError) -> Int32 {
    var actions = SpawnActions()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_adddup2(&actions, errors, 2)
    var attributes = SpawnAttributes()
    setDefaultSignals(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var identifier: pid_t = 0
    let words = command.words
    let code = withCStrings(words) { arguments in
        withCStrings(environment(adding: command.environment)) { environment in
            posix_spawnp(&identifier, words[0], &actions, &attributes, arguments, environment)
        }
    }
    guard code == 0 else {
        throw CrashTestError(.cannotStart, "cannot start '\(command.executable)': \(String(cString: strerror(code)))")
    }
    return identifier
}

private func setDefaultSignals(_ attributes: inout SpawnAttributes) {
    posix_spawnattr_init(&attributes)
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    // The two that cannot be set.
    sigdelset(&signals, SIGKILL)
    sigdelset(&signals, SIGSTOP)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
}

private func environment(adding additions: [String: String]) -> [String] {
    var variables: [String] = []
    var next = inheritedEnvironment
    while let variable = next?.pointee {
        let text = String(cString: variable)
        let name = text.prefix { $0 != "=" }
        if additions[String(name)] == nil { variables.append(text) }
        next = next?.advanced(by: 1)
    }
    return variables + additions.map { "\($0.key)=\($0.value)" }
}

private func withCStrings<Result>(
    _ strings: [String],
    _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    var pointers = strings.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeMutableBufferPointer { body($0.baseAddress!) }
}

private var inheritedEnvironment: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? {
    #if canImport(Darwin)
    _NSGetEnviron().pointee
    #else
    environ
    #endif
}
