import CeleryCore
import Processes

/// The thread of `MailPost`. Writes to the spool, and never waits for a server.
final class MailLoop {
    private let spool: MailSpool
    private let text: MailText
    private let couriers: [MailCourier]
    private let limit: Int
    private let now: @Sendable () -> Timestamp
    private let warn: @Sendable (String) -> Void

    private var unwritten: [MailNotice] = []
    private var isSpoolTroubled = false

    /// How often to look whether another process has left notices, or the lead.
    private static let interval: Duration = .seconds(2)
    /// Events of a burst are gathered for so long.
    private static let gathering: Duration = .milliseconds(50)
    /// Notices kept in memory while the disk is full.
    private static let mostUnwritten = 1_000

    init(
        spool: MailSpool, text: MailText, couriers: [MailCourier], limit: Int, now: @escaping @Sendable () -> Timestamp,
        warn: @escaping @Sendable (String) -> Void
    ) {
        self.spool = spool
        self.text = text
        self.couriers = couriers
        self.limit = limit
        self.now = now
        self.warn = warn
    }

    func run(for post: MailPost) {
        while true {
            let isEnding = post.isEnding
            write(post.take())
            if spool.lead() {
                let hasNews = fold()
                for courier in couriers { courier.deliver(hasNews: hasNews) }
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
    ///
    /// - Returns: Whether there are any.
    private func fold() -> Bool {
        let (before, folded, new) = spool.read()
        var digest = before
        for (_, notices) in new { for notice in notices { digest.note(notice) } }
        let time = now()
        let drafts = digest.drafts(limit: limit, now: time)
        guard digest != before || !new.isEmpty || !folded.isEmpty else { return false }
        do throws(SystemError) {
            for draft in drafts {
                for courier in couriers { try spool.add(content(of: draft, for: courier.box, time), to: courier.box, now: time) }
            }
            // Also the files that are left from before: once the state no longer names them, they would count as new.
            try spool.store(digest, containing: folded + new.map(\.file))
        } catch {
            trouble(error)
        }
        return !drafts.isEmpty
    }

    private func trouble(_ error: SystemError) {
        if !isSpoolTroubled { warn("cannot keep notices for ADMINS: \(error)") }
        isSpoolTroubled = true
    }

    private func content(of draft: MailDigest.Draft, for box: MailSpool.Box, _ time: Timestamp) -> [UInt8] {
        switch box {
        case .mails: text.mail(draft, now: time)
        case .calls: NoticeDocument(text: text).json(draft, now: time).bytes(style: .compact)
        }
    }
}
