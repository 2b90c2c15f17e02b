// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a setting of a sink, before it is known where it was written. Never shows a value.
struct SettingFlaw: Error {
    /// The name of the setting.
    let setting: String
    /// What is wrong, and what to do.
    let message: String

    init(_ setting: String, _ message: String) {
        self.setting = setting
        self.message = message
    }
}
