import CeleryCore
import HTTP

/// One way to the administrators: what waits in a box of the spool is offered until it is taken. For one thread; see `OutletThread`.
final class MailOutlet {
    let box: MailSpool.Box
    private let delivery: any NoticeDelivery
    private let spool: MailSpool
    private let now: @Sendable () -> Timestamp
    private let warn: @Sendable (String) -> Void

    private var nextDelivery = ContinuousClock.now
    private var pause = MailOutlet.shortestPause
    private var isTroubled = false

    private static let shortestPause: Duration = .seconds(5)
    private static let longestPause: Duration = .seconds(300)
    /// How long a notice is offered that the server refuses, in seconds.
    private static let patience = 3 * 86_400.0
    /// How long a notice waits for a server that cannot be reached, in seconds: the spool is bounded.
    private static let longestWait = 30 * 86_400.0

    init(
        _ box: MailSpool.Box, _ delivery: any NoticeDelivery, _ spool: MailSpool, now: @escaping @Sendable () -> Timestamp,
        warn: @escaping @Sendable (String) -> Void
    ) {
        (self.box, self.delivery, self.spool, self.now, self.warn) = (box, delivery, spool, now, warn)
    }

    /// Something new waits.
    func hurry() { if !isTroubled { nextDelivery = .now } }

    /// Offers what waits; a server that is down is asked again later and later.
    ///
    /// - Parameter isLast: Whether to try at once, since nobody will afterwards.
    func deliver(isLast: Bool) {
        guard isLast || nextDelivery <= .now else { return }
        for name in spool.waiting(in: box) {
            guard let notice = spool.notice(name, in: box) else { continue }
            guard let failure = delivery.send(notice, named: name) else {
                spool.remove(name, from: box)
                if isTroubled { warn("\(box.noun) for ADMINS is sent again by \(delivery.place)") }
                (isTroubled, pause) = (false, Self.shortestPause)
                continue
            }
            if !isTroubled { warn("cannot send \(box.noun) to ADMINS by \(delivery.place): \(failure.text.forLog); it waits in the spool") }
            isTroubled = true
            nextDelivery = .now + pause
            pause = min(pause * 2, Self.longestPause)
            if isOld(name, than: failure.isRefusal ? Self.patience : Self.longestWait) {
                let reason = failure.isRefusal ? "was refused for three days" : "could not be sent for thirty days"
                warn("a \(box.noun) to ADMINS \(reason), and is dropped: \(failure.text.forLog)")
                spool.remove(name, from: box)
            }
            guard failure.isRefusal else { return }
        }
        if !isTroubled { nextDelivery = .now }
    }

    /// The name begins with its time, in microseconds.
    private func isOld(_ name: String, than age: Double) -> Bool {
        guard let microseconds = Double(name.prefix { $0 != "-" }) else { return true }
        return now().seconds - microseconds / 1_000_000 > age
    }
}
