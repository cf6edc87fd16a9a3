import CeleryAMQP
import CeleryCore

/// A dead letter as a reading finds it, with what removes it.
protocol HeldLetter: Sendable {
    var opened: DeadLetterQueue.Letter { get }
}

extension HeldLetter {
    var letter: DeadLetter { opened.letter }

    /// The letter as a list shows it.
    func shown(withContent: Bool) -> DeadLetter {
        var letter = letter
        if withContent { letter.content = opened.content }
        return letter
    }
}

/// What sends dead letters again.
struct Replay<Held: HeldLetter, Parcel> {
    /// For each letter, whether it is sent, or why not.
    private(set) var report: [DeadLetterReplay] = []
    /// Letters that are to be removed once the parcels are sent.
    private(set) var sent: [Held] = []
    private(set) var parcels: [Parcel] = []

    /// - Parameter pack: Makes the messages of a letter, or refuses it.
    init(of letters: some Sequence<Held>, now: Timestamp, _ pack: (Held) throws(DriverError) -> [Parcel]) {
        for held in letters {
            var refusal = held.opened.message.flatMap { $0.refusalOfReplay(now: now) }
            if refusal == nil {
                do throws(DriverError) {
                    parcels += try pack(held)
                    sent.append(held)
                } catch {
                    refusal = error.message
                }
            }
            report.append(DeadLetterReplay(held.letter, refusal: refusal))
        }
    }
}
