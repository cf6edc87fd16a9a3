import CeleryCore
import Fixtures
import Mail
import Testing

/// Which mails are written, and when.
@Suite struct MailDigestTests {
    private func time(_ seconds: Double) -> Timestamp { Timestamp(seconds: 1_000_000 + seconds) }

    private func failure(_ task: String = "t", _ error: String = "E", at seconds: Double, count: Int = 1, kind: MailNotice.Kind = .failure) -> MailNotice {
        var notice = MailNotice(kind, task: task, error: error, worker: "celery@here", time: time(seconds))
        notice.id = "id\(seconds)"
        notice.count = count
        return notice
    }

    private func success(_ task: String = "t", at seconds: Double) -> MailNotice {
        MailNotice(.success, task: task, error: "", worker: "celery@here", time: time(seconds))
    }

    /// What is written, in short.
    private func drafts(_ digest: inout MailDigest, limit: Int = 100, at seconds: Double) -> [String] {
        digest.drafts(limit: limit, now: time(seconds)).map { draft in
            switch draft {
            case .failures(let group, let count): "\(group.sample.task) \(group.sample.error) \(count) of \(group.total)"
            case .summary(let groups): "summary " + groups.map { "\($0.sample.task) \($0.pending)" }.joined(separator: ", ")
            case .recovery(let group): "\(group.sample.task) works"
            }
        }
    }

    @Test func `the first failure is told at once, and the others of its kind in one mail each ten minutes`() {
        var digest = MailDigest()
        digest.note(failure(at: 0))
        #expect(drafts(&digest, at: 0) == ["t E 1 of 1"])
        for second in 1...599 { digest.note(failure(at: Double(second))) }
        #expect(drafts(&digest, at: 599) == [])
        #expect(digest.next(limit: 100, now: time(599)) == time(600))
        #expect(drafts(&digest, at: 600) == ["t E 599 of 600"])
        digest.note(failure(at: 601, count: 5_000))
        #expect(drafts(&digest, at: 1_199) == [])
        #expect(drafts(&digest, at: 1_200) == ["t E 5000 of 5600"])
        #expect(drafts(&digest, at: 1_900) == [])
    }

    @Test func `another task or another error is another kind`() {
        var digest = MailDigest()
        for notice in [failure("a", "E", at: 0), failure("a", "F", at: 0), failure("b", "E", at: 0), failure("a", "E", at: 1)] { digest.note(notice) }
        #expect(drafts(&digest, at: 1) == ["a E 2 of 2", "a F 1 of 1", "b E 1 of 1"])
    }

    @Test func `a task that works again is told once, after it has been quiet`() {
        var digest = MailDigest()
        digest.note(failure(at: 0))
        #expect(digest.failing == ["t"])
        _ = drafts(&digest, at: 0)
        digest.note(success(at: 10))
        #expect(digest.failing == [])
        #expect(drafts(&digest, at: 599) == [])
        #expect(digest.next(limit: 100, now: time(599)) == time(600))
        #expect(drafts(&digest, at: 600) == ["t works"])
        #expect(drafts(&digest, at: 601) == [])
        #expect(digest.groups.isEmpty)
        // It begins anew.
        digest.note(failure(at: 700))
        #expect(drafts(&digest, at: 700) == ["t E 1 of 1"])
    }

    @Test func `a task that fails again has not recovered`() {
        var digest = MailDigest()
        digest.note(failure(at: 0))
        _ = drafts(&digest, at: 0)
        digest.note(success(at: 10))
        digest.note(failure(at: 20))
        #expect(digest.failing == ["t"])
        #expect(drafts(&digest, at: 600) == ["t E 1 of 2"])
        // A success from before the failure, which another worker told later.
        digest.note(success(at: 15))
        #expect(drafts(&digest, at: 2_000) == [])
    }

    @Test func `a kind that neither fails nor succeeds is forgotten after a day`() {
        var digest = MailDigest()
        digest.note(failure(at: 0))
        _ = drafts(&digest, at: 0)
        #expect(drafts(&digest, at: 86_399) == [] && digest.groups.count == 1)
        #expect(drafts(&digest, at: 86_400) == [] && digest.groups.isEmpty)
    }

    @Test func `dead letters and lost workers do not recover`() {
        var digest = MailDigest()
        digest.note(failure("w", "WorkerLost", at: 0, kind: .loss))
        digest.note(failure("t", "lost", at: 0, kind: .deadLetter))
        #expect(drafts(&digest, at: 0).count == 2)
        digest.note(success(at: 1))
        #expect(digest.failing.isEmpty)
        #expect(drafts(&digest, at: 700) == [] && digest.groups.isEmpty)
    }

    @Test func `an alarm of a periodic task is over when that says so, even after weeks`() {
        var digest = MailDigest()
        digest.note(failure("nightly", "Absent", at: 0, kind: .alarm))
        #expect(drafts(&digest, at: 0) == ["nightly Absent 1 of 1"])
        #expect(drafts(&digest, at: 20 * 86_400) == [])
        digest.note(success("nightly", at: 20 * 86_400))
        #expect(drafts(&digest, at: 20 * 86_400) == ["nightly works"])
    }

    @Test func `beyond the limit of an hour the rest comes in one mail, and later`() {
        var digest = MailDigest()
        for name in ["a", "b", "c", "d"] { digest.note(failure(name, at: 0)) }
        #expect(drafts(&digest, limit: 3, at: 0) == ["a E 1 of 1", "b E 1 of 1", "summary c 1, d 1"])
        digest.note(failure("e", at: 1, count: 7))
        digest.note(failure("a", at: 1))
        #expect(drafts(&digest, limit: 3, at: 3_599) == [])
        #expect(digest.next(limit: 3, now: time(3_599)) == time(3_600))
        #expect(drafts(&digest, limit: 3, at: 3_600) == ["a E 1 of 2", "e E 7 of 7"])
    }

    @Test func `five thousand failures of one kind make a handful of mails, whenever they come`() {
        var random = SeededGenerator(seed: 5)
        for span in [0.1, 60, 3_000] {
            var digest = MailDigest()
            var (mails, told) = (0, 0)
            let times = (0..<5_000).map { _ in Double.random(in: 0...span, using: &random) }.sorted()
            for second in times {
                digest.note(failure(at: second))
                for case .failures(_, let count) in digest.drafts(limit: 20, now: time(second)) { (mails, told) = (mails + 1, told + count) }
            }
            for second in stride(from: span, through: span + 700, by: 10) {
                for case .failures(_, let count) in digest.drafts(limit: 20, now: time(second)) { (mails, told) = (mails + 1, told + count) }
            }
            #expect(told == 5_000 && mails <= 7)
        }
    }

    @Test func `a flood of names does not fill the memory, and none is forgotten`() {
        var digest = MailDigest()
        for number in 0..<2_000 { digest.note(failure("t\(number)", at: 0)) }
        #expect(digest.groups.count <= 501)
        #expect(digest.groups.reduce(0) { $0 + $1.pending } == 2_000)
    }

    @Test func `a clock that is set back holds no mail back`() {
        var digest = MailDigest()
        digest.note(failure(at: 10_000))
        _ = drafts(&digest, limit: 1, at: 10_000)
        digest.note(failure(at: 0))
        #expect(drafts(&digest, limit: 1, at: 0) == ["t E 1 of 2"])
    }

    @Test func `is the same when it has been stored`() throws {
        var digest = MailDigest()
        digest.note(failure(at: 0.125))
        _ = drafts(&digest, at: 1)
        digest.note(failure("u\u{E9}\n", at: 2, count: 3))
        digest.note(success(at: 3))
        let read = MailDigest(try JSON(parsing: digest.json.bytes(style: .compact)))
        #expect(read == digest)
        #expect(MailDigest([:]) == MailDigest() && MailDigest(["groups": [5, nil, [:]], "written": ["x"]]) == MailDigest())
    }
}
