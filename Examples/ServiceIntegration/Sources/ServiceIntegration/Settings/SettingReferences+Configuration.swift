// SPDX-License-Identifier: Apache-2.0

public import Configuration
public import OpenConnect

extension SettingReferences {
    /// The largest file that a reference may name, in bytes.
    static let maxFileBytes = 1 << 20

    /// References that the providers of swift-configuration answer, so that secrets come from where the service has its other
    /// ones.
    ///
    /// `${env:database.password}` in a configuration of pipelines is the value of the key `database.password`: the variable
    /// `DATABASE_PASSWORD` of an environment, the member `password` of `database` in a JSON file, the file
    /// `database-password` in a directory of secrets. `${env:DATABASE_PASSWORD}` names an environment variable directly. Each value is read as a secret:
    /// no access reporter shows it.
    ///
    /// `${file:PATH}` is the content of a file, of at most 1 MiB of UTF-8.
    ///
    /// - Parameter config: what is asked; a prefix of it counts.
    public init(_ config: ConfigReader) {
        self.init(
            variable: { config.text(ConfigKey($0), isSecret: true) },
            file: { try TextFile.content(of: $0, atMost: Self.maxFileBytes) }
        )
    }
}
