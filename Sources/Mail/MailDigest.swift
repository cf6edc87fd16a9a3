package import CeleryCore

/// Decides which mails are written: the first failure of a kind at once, then at most one mail of that kind in ten minutes, with
/// counts; and one when the task works again. A kind is a task and a type of error.
///
///     unknown ──failure──▶ told ──failures, 10 min──▶ told again …
///        ▲                   │
///        └───────────────────┘ quiet for 10 min: with a mail if the task has succeeded since, without after a day
///
/// A pure value: no clock, no I/O.
package struct MailDigest: Sendable, Equatable {
    /// Failures of one kind.
    package struct Group: Sendable, Equatable {
        /// The newest failures.
        package var sample: MailNotice
        package var first: Timestamp
        package var last: Timestamp
        /// Failures since `first`.
        package var total: Int
        /// Failures that no mail has told yet.
        package var pending: Int
        /// When a mail told of them last.
        package var mailed: Timestamp?
        /// The first success since the last failure.
        package var succeeded: Timestamp?
        /// What the Message-IDs of its mails begin with, so that a reader shows them as one thread.
        package var thread: String
        /// The number of its mails so far.
        package var mails = 0

        fileprivate func isOf(_ notice: MailNotice) -> Bool {
            sample.kind == notice.kind && sample.task == notice.task && sample.error == notice.error
        }
    }

    package private(set) var groups: [Group] = []
    /// When mails were written in the last hour.
    package private(set) var written: [Timestamp] = []

    /// Seconds between two mails of one kind, and without failures before it is over.
    package static let interval = 600.0
    /// Seconds after which a kind is forgotten that neither failed again nor succeeded.
    package static let memory = 86_400.0
    /// The same for periodic tasks, which may be due once in a month.
    package static let alarmMemory = 32 * 86_400.0
    /// Kinds that are told apart; anybody may send messages with any name.
    private static let mostGroups = 500

    package init() {}

    /// The tasks of which a success is news.
    package var failing: Set<String> { Set(groups.filter { $0.sample.kind == .failure && $0.succeeded == nil }.map(\.sample.task)) }

    package mutating func note(_ notice: MailNotice) {
        if notice.kind == .success {
            for index in groups.indices where groups[index].sample.task == notice.task && groups[index].last <= notice.time {
                if groups[index].succeeded == nil { groups[index].succeeded = notice.time }
            }
            return
        }
        var notice = notice
        if groups.count >= Self.mostGroups, !groups.contains(where: { $0.isOf(notice) }) { (notice.task, notice.error) = ("(others)", "(others)") }
        if let index = groups.firstIndex(where: { $0.isOf(notice) }) {
            groups[index].sample = notice
            groups[index].last = max(groups[index].last, notice.time)
            groups[index].total += notice.count
            groups[index].pending += notice.count
            groups[index].succeeded = nil
        } else {
            groups.append(
                Group(
                    sample: notice, first: notice.time, last: notice.time, total: notice.count, pending: notice.count,
                    thread: "\(Int64(notice.time.seconds * 1_000)).\(notice.id)"))
        }
    }

    /// A mail to be written.
    package enum Draft: Sendable, Equatable {
        /// New failures, `count` of them, of a kind that no mail has told yet, or since the last mail.
        case failures(Group, count: Int)
        /// More kinds than mails may be written: each with its count.
        case summary([Group])
        /// The task works again.
        case recovery(Group)
    }

    /// The mails to be written now; they count as written.
    package mutating func drafts(limit: Int, now: Timestamp) -> [Draft] {
        // The clock may have been set back.
        written.removeAll { $0.seconds <= now.seconds - 3_600 || $0 > now }
        forget(now)
        let due = groups.indices.filter { isDue(groups[$0], now) }
        let over = groups.indices.filter { isOver(groups[$0], now) }
        let allowance = limit - written.count
        guard allowance > 0, !(due.isEmpty && over.isEmpty) else { return [] }
        var drafts: [Draft] = []
        let areAllAllowed = due.count + over.count <= allowance
        let single = areAllAllowed ? due : Array(due.prefix(allowance - 1))
        for index in single { drafts.append(.failures(tell(index, now), count: groups[index].pending)) }
        let rest = due.dropFirst(single.count)
        if !rest.isEmpty { drafts.append(.summary(rest.map { tell($0, now) })) }
        for index in due { groups[index].pending = 0 }
        let recovered = over.prefix(allowance - drafts.count)
        drafts += recovered.map { .recovery(groups[$0]) }
        for index in recovered.reversed() { groups.remove(at: index) }
        written += drafts.map { _ in now }
        return drafts
    }

    /// When there may be more to write, without further notices; `nil` if there will not be.
    package func next(limit: Int, now: Timestamp) -> Timestamp? {
        let times = groups.compactMap { group -> Double? in
            if group.pending > 0 { return max(now.seconds, (group.mailed?.seconds ?? 0) + Self.interval) }
            return group.last.seconds + (group.succeeded == nil ? Self.patience(group) : Self.interval)
        }
        guard let next = times.min() else { return nil }
        let isFull = written.count >= limit
        return Timestamp(seconds: max(next, isFull ? (written.first?.seconds ?? 0) + 3_600 : 0))
    }

    private func isDue(_ group: Group, _ now: Timestamp) -> Bool {
        group.pending > 0 && (group.mailed.map { now.seconds >= $0.seconds + Self.interval || $0 > now } ?? true)
    }

    private func isOver(_ group: Group, _ now: Timestamp) -> Bool {
        group.pending == 0 && group.mailed != nil && group.succeeded != nil && group.sample.kind.canRecover
            && now.seconds >= group.last.seconds + Self.interval
    }

    /// Forgets kinds about which there is nothing more to say.
    private mutating func forget(_ now: Timestamp) {
        groups.removeAll { group in
            group.pending == 0 && (group.succeeded == nil || !group.sample.kind.canRecover) && now.seconds >= group.last.seconds + Self.patience(group)
        }
    }

    private static func patience(_ group: Group) -> Double {
        switch group.sample.kind {
        case .failure: memory
        case .alarm: alarmMemory
        case .deadLetter, .loss, .success: interval
        }
    }

    /// Notes that a mail tells of the failures; returns them as they were.
    private mutating func tell(_ index: Int, _ now: Timestamp) -> Group {
        let group = groups[index]
        groups[index].mailed = now
        groups[index].mails += 1
        return group
    }
}

extension MailDigest {
    package var json: JSON {
        [
            "groups": .array(groups.map(\.json)),
            "written": .array(written.map { .double($0.seconds) }),
        ]
    }

    /// What `json` says; nothing of what cannot be read.
    package init(_ json: JSON) {
        groups = (json["groups"]?.arrayValue ?? []).compactMap(Group.init)
        written = (json["written"]?.arrayValue ?? []).compactMap { $0.doubleValue.map { Timestamp(seconds: $0) } }
    }
}

extension MailDigest.Group {
    fileprivate var json: JSON {
        [
            "sample": sample.json, "first": .double(first.seconds), "last": .double(last.seconds), "total": .int(Int64(total)),
            "pending": .int(Int64(pending)), "mailed": mailed.map { .double($0.seconds) } ?? .null,
            "succeeded": succeeded.map { .double($0.seconds) } ?? .null, "thread": .string(thread), "mails": .int(Int64(mails)),
        ]
    }

    fileprivate init?(_ json: JSON) {
        guard let sample = json["sample"].flatMap(MailNotice.init), let first = json["first"]?.doubleValue, let last = json["last"]?.doubleValue,
            let total = json["total"]?.intValue, let pending = json["pending"]?.intValue
        else { return nil }
        self.init(
            sample: sample, first: Timestamp(seconds: first), last: Timestamp(seconds: last), total: total, pending: pending,
            mailed: json["mailed"]?.doubleValue.map { Timestamp(seconds: $0) }, succeeded: json["succeeded"]?.doubleValue.map { Timestamp(seconds: $0) },
            thread: json["thread"]?.stringValue ?? "", mails: json["mails"]?.intValue ?? 0)
    }
}
