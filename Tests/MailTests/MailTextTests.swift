import CeleryCore
import Testing
@testable import Mail

/// What a mail says, and in which form.
@Suite struct MailTextTests {
    private let now = Timestamp(seconds: 784_111_777)

    private func text(_ change: (inout MailSettings) -> Void = { _ in }) -> MailText {
        var settings = MailSettings(spool: "/nowhere")
        settings.admins = [.init(name: "Ann Lee", address: "ann@example.com"), .init(name: "", address: "ops@example.com")]
        settings.sender = "celery@example.com"
        change(&settings)
        return MailText(settings: settings, host: "here")
    }

    private var notice: MailNotice {
        var notice = MailNotice(.failure, task: "shop.tasks.resize", error: "SoldOut", worker: "celery@here", time: now)
        (notice.id, notice.message, notice.arguments, notice.details, notice.attempt) = ("7f3a", "no more", "(1,) {'w': 2}", "line 1\nline 2", 2)
        return notice
    }

    /// Head lines and the decoded body of the first mail about a notice.
    private func mail(_ notice: MailNotice, _ text: MailText) throws -> (head: [String], body: String) {
        var digest = MailDigest()
        digest.note(notice)
        let draft = try #require(digest.drafts(limit: 1, now: now).first)
        let whole = String(decoding: text.mail(draft, now: now), as: UTF8.self)
        let end = try #require(whole.firstRange(ofText: "\r\n\r\n"))
        let body = try #require(Base64.decode(whole[end.upperBound...].filter { $0 != "\r\n" && $0 != "\n" && $0 != "\r" }))
        #expect(whole.utf8.allSatisfy { $0 < 0x7F })
        #expect(whole.replacing(text: "\r\n", with: "").utf8.allSatisfy { $0 != 0x0A && $0 != 0x0D })
        let lines = whole[..<end.lowerBound].replacing(text: "\r\n", with: "\n").split(separator: "\n").map(String.init)
        return (lines, String(decoding: body, as: UTF8.self))
    }

    @Test func `subject and body carry what the original's carried`() throws {
        let (head, body) = try mail(notice, text { $0.subjectPrefix = "[shop] " })
        #expect(head.contains("Subject: [shop] [celery@here] Error: Task shop.tasks.resize (7f3a): SoldOut: no more"))
        #expect(head.contains("From: <celery@example.com>"))
        #expect(head.contains("To: Ann Lee <ann@example.com>,") && head.contains(" <ops@example.com>"))
        #expect(head.contains("Date: Sun, 06 Nov 1994 08:49:37 +0000"))
        #expect(head.contains("Auto-Submitted: auto-generated") && head.contains("List-Id: <errors.celery.here>"))
        for part in ["shop.tasks.resize", "7f3a", "SoldOut: no more", "(1,) {'w': 2}", "line 1\nline 2", "-- \ncelery: celery@here"] {
            #expect(body.contains(part))
        }
    }

    @Test func `mails of one kind are a thread`() throws {
        var digest = MailDigest()
        digest.note(notice)
        let first = String(decoding: text().mail(try #require(digest.drafts(limit: 9, now: now).first), now: now), as: UTF8.self)
        digest.note(notice)
        let later = now + .seconds(600)
        let second = String(decoding: text().mail(try #require(digest.drafts(limit: 9, now: later).first), now: later), as: UTF8.self)
        #expect(first.contains("Message-ID: <784111777000.7f3a.0@here>") && !first.contains("References"))
        #expect(second.contains("Message-ID: <784111777000.7f3a.1@here>") && second.contains("References: <784111777000.7f3a.0@here>"))
    }

    @Test func `what strangers wrote adds no header and no line to the head`() throws {
        var notice = notice
        notice.task = "x\r\nBcc: evil@example.com"
        notice.id = "7\r\n\r\nbody>"
        notice.message = "\u{1B}[31m\r\nX: y " + String(repeating: "\u{E9}", count: 2_000)
        let (head, body) = try mail(notice, text())
        #expect(!head.contains { $0.hasPrefix("Bcc") || $0.hasPrefix("X:") })
        #expect(head.allSatisfy { $0.utf8.count <= 998 })
        #expect(!body.contains("\u{1B}"))
    }

    @Test func `a subject that is not ASCII is in words of RFC 2047`() throws {
        var notice = notice
        notice.message = "\u{E9}"
        let (head, _) = try mail(notice, text())
        let subject = try #require(head.first { $0.hasPrefix("Subject: =?utf-8?B?") })
        #expect(subject.hasSuffix("?="))
    }

    @Test func `a long traceback keeps its end`() throws {
        var notice = notice
        notice.details = String(repeating: "x\n", count: 50_000) + "the end"
        let (_, body) = try mail(notice, text())
        #expect(body.utf8.count < 20_000 && body.contains("the end") && body.contains("[...]"))
    }

    @Test func `a summary and a recovery say what they are about`() {
        var digest = MailDigest()
        var other = notice
        other.task = "other"
        digest.note(notice)
        digest.note(other)
        for draft in digest.drafts(limit: 1, now: now) {
            #expect(String(decoding: text().mail(draft, now: now), as: UTF8.self).contains("Subject: [celery@here] Errors: 2 kinds of failures"))
        }
        digest.note(MailNotice(.success, task: "other", error: "", worker: "celery@here", time: now + .seconds(1)))
        let later = now + .seconds(4_000)
        let mails = digest.drafts(limit: 1, now: later).map { String(decoding: text().mail($0, now: later), as: UTF8.self) }
        #expect(mails.count == 1 && mails[0].contains("Subject: [celery@here] Task other works again"))
    }
}
