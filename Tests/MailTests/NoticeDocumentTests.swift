import CeleryCore
import Testing

@testable import Mail

/// What CELERY_ADMIN_WEBHOOK gets.
@Suite struct NoticeDocumentTests {
    private let document = NoticeDocument(text: MailText(settings: MailSettings(spool: "/s"), host: "here"))
    private let now = Timestamp(seconds: 1_000)

    private func drafts(_ notices: [MailNotice], limit: Int = 20) -> [MailDigest.Draft] {
        var digest = MailDigest()
        for notice in notices { digest.note(notice) }
        return digest.drafts(limit: limit, now: now)
    }

    private func notice(_ task: String) -> MailNotice {
        var notice = MailNotice(.failure, task: task, error: "E", worker: "w@here", time: now)
        (notice.id, notice.message, notice.count, notice.details) = ("id", "it broke", 3, "line\nanother")
        return notice
    }

    @Test func `a failure has the words of the mail and the facts`() throws {
        let json = document.json(try #require(drafts([notice("t")]).first), now: now)
        #expect(json["text"] == "[w@here] Error: Task t (id): E: it broke" && json["event"] == "failure" && json["task"] == "t")
        #expect(json["count"] == 3 && json["total"] == 3 && json["error"] == "E" && json["details"] == "line\nanother" && json["arguments"] == .null)
    }

    @Test func `more kinds than may be told make one summary`() throws {
        let drafts = drafts((0..<5).map { notice("t\($0)") }, limit: 1)
        #expect(drafts.count == 1)
        let json = document.json(try #require(drafts.first), now: now)
        #expect(json["event"] == "summary" && json["kinds"]?.arrayValue?.count == 5 && json["text"] == "[w@here] Errors: 5 kinds of failures")
    }
}
