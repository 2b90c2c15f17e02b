// SPDX-License-Identifier: Apache-2.0

/// What runs where no other configuration is given: clicks that are counted, and measurements that are kept in a file.
let bundledPipelines = """
    {
      "offsets": { "type": "memory" },
      "pipelines": {
        "clicks": {
          "source": { "type": "generator", "payload": "structured", "rate": 50, "partitions": 2, "attributes": true },
          "sinks": [ { "type": "tally", "name": "counter" } ],
          "delivery": { "commitInterval": "200ms" },
        },
        "measurements": {
          "source": { "type": "generator", "rate": 5, "attributes": true },
          "sinks": [
            {
              "type": "file",
              "path": "${env:measurements.path:-measurements.jsonl}",
              "format": "cloudevents",
              "append": true,
            },
          ],
          "delivery": { "commitInterval": "200ms" },
        },
      },
    }
    """
