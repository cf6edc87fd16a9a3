import CeleryCore
import HTTP
import Processes

/// The thread of `MailPost`.
final class MailLoop {
    private let spool: MailSpool
    private let text: MailText
    private let delivery: MailDelivery
    private let limit: Int
    private let now: @Sendable () -> Timestamp
    private let warn: @Sendable (String) -> Void

    private var nextDelivery = ContinuousClock.now
    private var pause = MailLoop.shortestPause
    private var isTroubled = false
    private var unwritten: [MailNotice] = []
    private var isSpoolTroubled = false

    /// How often to look whether another process has left notices, or the lead.
    private static let interval: Duration = .seconds(2)
    /// Events of a burst are gathered for so long.
    private static let gathering: Duration = .milliseconds(50)
    private static let shortestPause: Duration = .seconds(5)
    private static let longestPause: Duration = .seconds(300)
    /// Notices kept in memory while the disk is full.
    private static let mostUnwritten = 1_000
    /// How long a mail is offered that the server refuses, in seconds.
    private static let patience = 3 * 86_400.0

    init(
        spool: MailSpool, text: MailText, delivery: MailDelivery, limit: Int, now: @escaping @Sendable () -> Timestamp,
        warn: @escaping @Sendable (String) -> Void
    ) {
        self.spool = spool
        self.text = text
        self.delivery = delivery
        self.limit = limit
        self.now = now
        self.warn = warn
    }

    func run(for post: MailPost) {
        while true {
            let isEnding = post.isEnding
            write(post.take())
            if spool.lead() {
                fold()
                if isEnding || nextDelivery <= .now { deliver() }
            }
            post.watch(spool.failing())
            if isEnding { return }
            post.wait(upTo: Self.interval)
            if !post.isEnding { Syscall.pause(Self.gathering) }
        }
    }

    /// Stores notices; keeps them for later when that fails.
    private func write(_ notices: [MailNotice]) {
        unwritten += notices
        guard !unwritten.isEmpty else { return }
        do throws(SystemError) {
            try spool.add(unwritten, now: now())
            unwritten = []
            isSpoolTroubled = false
        } catch {
            trouble(error)
            if unwritten.count > Self.mostUnwritten { unwritten.removeFirst(unwritten.count - Self.mostUnwritten) }
        }
    }

    /// Takes new notices into the digest, and writes the mails that follow.
    private func fold() {
        var (digest, folded, new) = spool.read()
        let before = digest
        for (_, notices) in new { for notice in notices { digest.note(notice) } }
        let time = now()
        let drafts = digest.drafts(limit: limit, now: time)
        guard digest != before || !new.isEmpty || !folded.isEmpty else { return }
        do throws(SystemError) {
            for draft in drafts { try spool.add(mail: text.mail(draft, now: time), now: time) }
            if !drafts.isEmpty { nextDelivery = min(nextDelivery, isTroubled ? nextDelivery : .now) }
            folded = new.map(\.file)
            try spool.store(digest, containing: folded)
        } catch {
            trouble(error)
        }
    }

    private func trouble(_ error: SystemError) {
        if !isSpoolTroubled { warn("cannot keep notices for ADMINS: \(error)") }
        isSpoolTroubled = true
    }

    /// Offers the mails that wait; a server that is down is asked again later and later.
    private func deliver() {
        for name in spool.mails {
            guard let mail = spool.mail(name) else { continue }
            guard let failure = delivery.send(mail) else {
                spool.remove(mail: name)
                if isTroubled { warn("mail for ADMINS is sent again by \(delivery.place)") }
                (isTroubled, pause) = (false, Self.shortestPause)
                continue
            }
            if !isTroubled { warn("cannot send mail to ADMINS by \(delivery.place): \(failure.text.forLog); it waits in the spool") }
            isTroubled = true
            nextDelivery = .now + pause
            pause = min(pause * 2, Self.longestPause)
            guard failure.isRefusal else { return }
            if isOld(name) {
                warn("a mail to ADMINS was refused for three days, and is dropped: \(failure.text.forLog)")
                spool.remove(mail: name)
            }
        }
        if !isTroubled { nextDelivery = .now }
    }

    /// The name begins with its time, in microseconds.
    private func isOld(_ name: String) -> Bool {
        guard let microseconds = Double(name.prefix { $0 != "-" }) else { return true }
        return now().seconds - microseconds / 1_000_000 > Self.patience
    }
}
