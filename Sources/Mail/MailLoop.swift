import CeleryCore
import Processes

/// The thread of `MailPost`. Writes to the spool, and never waits for a server.
final class MailLoop {
    private let spool: MailSpool
    private let text: MailText
    private let threads: [OutletThread]
    private let limit: Int
    private let now: @Sendable () -> Timestamp
    private let warn: @Sendable (String) -> Void

    private var unwritten: [MailNotice] = []
    private var round: Round?
    private var isSpoolTroubled = false

    /// How often to look whether another process has left notices, or the lead.
    private static let interval: Duration = .seconds(2)
    /// Events of a burst are gathered for so long.
    private static let gathering: Duration = .milliseconds(50)
    /// Notices kept in memory while the disk is full.
    private static let mostUnwritten = 1_000
    /// Notices in one file of the spool.
    private static let mostTogether = 50

    /// What has been decided and is not all stored: it is stored before anything else is read, so that no mail is written twice.
    private struct Round {
        var mails: [(box: MailSpool.Box, content: [UInt8])]
        let digest: MailDigest
        /// Of `new`, which the digest contains.
        let files: [String]
    }

    init(
        spool: MailSpool, text: MailText, threads: [OutletThread], limit: Int, now: @escaping @Sendable () -> Timestamp,
        warn: @escaping @Sendable (String) -> Void
    ) {
        self.spool = spool
        self.text = text
        self.threads = threads
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
                for thread in threads { thread.deliver(hasNews: hasNews) }
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
            while !unwritten.isEmpty {
                let together = Array(unwritten.prefix(Self.mostTogether))
                try spool.add(together, now: now())
                unwritten.removeFirst(together.count)
            }
            if round == nil { isSpoolTroubled = false }
        } catch {
            trouble(error)
            if unwritten.count > Self.mostUnwritten { unwritten.removeFirst(unwritten.count - Self.mostUnwritten) }
        }
    }

    /// Takes new notices into the digest, and writes the mails that follow.
    ///
    /// - Returns: Whether there are any.
    private func fold() -> Bool {
        if round == nil { round = nextRound() }
        guard let hasMails = round.map({ !$0.mails.isEmpty }) else { return false }
        do throws(SystemError) {
            while let mail = round?.mails.first {
                try spool.add(mail.content, to: mail.box, now: now())
                round?.mails.removeFirst()
            }
            if let round { try spool.store(round.digest, containing: round.files) }
            round = nil
            if unwritten.isEmpty { isSpoolTroubled = false }
        } catch {
            trouble(error)
        }
        return hasMails
    }

    /// What follows from the notices in the spool; `nil` if nothing does.
    private func nextRound() -> Round? {
        let (before, folded, new) = spool.read()
        var digest = before
        for (_, notices) in new { for notice in notices { digest.note(notice) } }
        let time = now()
        let drafts = digest.drafts(limit: limit, now: time)
        guard digest != before || !new.isEmpty || !folded.isEmpty else { return nil }
        let mails = drafts.flatMap { draft in threads.map { ($0.box, content(of: draft, for: $0.box, time)) } }
        // Also the files that are left from before: once the state no longer names them, they would count as new.
        return Round(mails: mails, digest: digest, files: folded + new.map(\.file))
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
