import CeleryCore

/// A notice as the JSON that CELERY_ADMIN_WEBHOOK gets: `text` in the words of a mail's subject, which is what chats show, and the facts.
struct NoticeDocument {
    let text: MailText

    func json(_ draft: MailDigest.Draft, now: Timestamp) -> JSON {
        var document: JSONObject = ["text": .string(text.subject(of: draft)), "host": .string(text.host), "time": .string(ISO8601.text(now))]
        switch draft {
        case .failures(let group, let count):
            document["event"] = .string(group.sample.kind.rawValue)
            add(group, count, to: &document)
        case .recovery(let group):
            document["event"] = "recovery"
            add(group, group.total, to: &document)
        case .summary(let groups):
            document["event"] = "summary"
            document["kinds"] = .array(
                groups.prefix(Self.mostKinds).map { group in
                    var kind: JSONObject = ["event": .string(group.sample.kind.rawValue)]
                    add(group, group.pending, to: &kind)
                    return .object(kind)
                })
        }
        return .object(document)
    }

    /// The most kinds of failures in a summary.
    private static let mostKinds = 200
    /// The most bytes of a traceback; its end is kept.
    private static let detailLimit = 4_096

    private func add(_ group: MailDigest.Group, _ count: Int, to document: inout JSONObject) {
        let sample = group.sample
        for (name, value) in [
            ("task", sample.task), ("id", sample.id), ("error", sample.error), ("message", sample.message), ("arguments", sample.arguments),
            ("worker", sample.worker), ("details", String(decoding: sample.details.utf8.suffix(Self.detailLimit), as: UTF8.self)),
        ] { document[name] = value.isEmpty ? .null : .string(value) }
        document["attempt"] = .int(Int64(sample.attempt))
        document["count"] = .int(Int64(count))
        document["total"] = .int(Int64(group.total))
        document["first"] = .string(ISO8601.text(group.first))
        document["last"] = .string(ISO8601.text(group.last))
    }
}
