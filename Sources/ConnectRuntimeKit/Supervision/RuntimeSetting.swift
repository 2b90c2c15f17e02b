// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// What all supervised pipelines of a runtime have in common.
struct RuntimeSetting: Sendable {
    let options: RuntimeOptions
    let observer: any RuntimeObserver
    let clock: ConnectorClock
    let randomness: PipelineRandomness
}
