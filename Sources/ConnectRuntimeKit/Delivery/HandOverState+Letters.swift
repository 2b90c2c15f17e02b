// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension HandOverState {
    /// Where a record was given up.
    enum Place: Sendable {
        case beforeSinks(DeadLetter.Stage)
        case sink(Int)
    }

    enum GivingUp { case settled, awaitsLetter, pipelineFails }

    /// Does with a bad record what the options say.
    mutating func giveUp(
        _ item: Item,
        _ error: ConnectorError,
        in place: Place,
        _ wake: inout Wakeups
    ) -> GivingUp {
        guard options.onError.action != .stop else {
            fail(stopping(at: item, error, in: place), sinkIsUsable: false, &wake)
            return .pipelineFails
        }
        // What is bad must not keep what is good from being settled.
        takeApart(item.shipment)
        let isNew = shipments[item.shipment].detail?.givenUp.insert(Int(item.origin.index)).inserted ?? true
        guard !isNew || !failures.note(settled: ledger.counts.settled + letters.count) else {
            fail(tooManyFailures(error), sinkIsUsable: false, &wake)
            return .pipelineFails
        }
        guard options.onError.action == .deadLetter else {
            complete(item, as: .dropped, error, &wake)
            return .settled
        }
        letters.append(item, error, in: place)
        if case .beforeSinks = place { awaitedLetters += 1 }
        wakeLetters(&wake)
        guard case .sink(let sink) = place else { return .awaitsLetter }
        return desks[sink].keepsPositions ? .awaitsLetter : .settled
    }

    private func stopping(at item: Item, _ error: ConnectorError, in place: Place) -> ConnectorError {
        let polled = shipments[item.shipment].polled[Int(item.origin.index)]
        let what =
            switch place {
            case .beforeSinks(.poll): "the source rejected its input"
            case .beforeSinks: "a function failed on a record"
            case .sink(let sink): "the \(desks[sink].name) did not accept a record"
            }
        return ConnectorError(
            error.code,
            "\(what): \(error.message) (\(polled.partition), attempts: \(item.failures)); everything before it is committed. "
                + "Correct it and start again, or have bad records go to dead letters",
            cause: error.cause,
            position: polled.position ?? error.position
        )
    }

    private func tooManyFailures(_ error: ConnectorError) -> ConnectorError {
        let limit = options.onError.limit.map { "\($0.failures) of the last \($0.records) records" } ?? ""
        return ConnectorError(
            .fatal,
            "too much of the data is bad: \(limit) failed; the newest: \(error.message)",
            cause: error
        )
    }

    // MARK: The letters' task

    enum LetterStep: Sendable {
        case write([PendingLetter])
        case park
        case end
    }

    /// What the task that writes dead letters does next.
    mutating func letterStep() -> LetterStep {
        guard phase <= .draining else { return .end }
        let pending = letters.takeAll().map { letter in
            var letter = letter
            let (item, shipment) = (letter.items[0], shipments[letter.items[0].shipment])
            letter.polled = shipment.isUnchanged ? item.record : shipment.polled[Int(item.origin.index)]
            return letter
        }
        guard pending.isEmpty else { return .write(pending) }
        return hasSinkEnded || endsDelivery() ? .end : .park
    }

    var areLettersReady: Bool {
        phase > .draining || letters.hasPending || hasSinkEnded || isDelivered
    }

    /// The letters are durable: their records are settled.
    mutating func endLetters(_ written: [PendingLetter], _ wake: inout Wakeups) {
        sealBeforeSettling()
        letters.noteWritten(written.count)
        for letter in written {
            for item in letter.items { complete(item, as: .deadLettered, letter.error, &wake) }
            guard case .sink(let sink) = letter.place else {
                noteLetterBeforeSinks(&wake)
                continue
            }
            for item in letter.items {
                let freed = desks[sink].lanes.noteLetter(of: LaneID(item, desks[sink].order))
                desks[sink].queue.prepend(contentsOf: freed)
            }
            wakeSink(sink, &wake)
        }
        unsealIfEven()
        wakeSource(&wake)
        wakeHoldTeller(&wake)
        noteSettled(isQuiet: false, &wake)
        if hasSourceEnded { wakeAll(&wake) }
    }

    // MARK: Records that wait for letters

    /// A position kept with the data must not pass a record before its letter is durable: what was polled with the
    /// record, and after it, waits for it.
    mutating func withhold(_ parcel: Parcel, _ failures: Int) -> Bool {
        guard desks.count == 1, desks[0].keepsPositions, options.onError.action == .deadLetter else { return false }
        guard failures > 0 || awaitedLetters > 0 else { return false }
        withheld.append(parcel)
        return true
    }

    private mutating func noteLetterBeforeSinks(_ wake: inout Wakeups) {
        awaitedLetters -= 1
        guard awaitedLetters == 0 else { return }
        while let load = withheld.popFirst() { desks[0].append(load, at: clock) }
        wakeSink(0, &wake)
    }
}
