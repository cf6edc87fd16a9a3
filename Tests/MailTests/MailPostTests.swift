import CeleryCore
import Fixtures
import Glibc
import HTTP
import Mail
import Synchronization
import Testing

/// From an event to a mail at a server.
@Suite(.timeLimit(.minutes(3))) struct MailPostTests {
    private let folder = TemporaryFolder()
    private let warnings = Warnings()

    private final class Warnings: Sendable {
        let lines = Mutex<[String]>([])
    }

    private func settings(_ port: Int, _ change: (inout MailSettings) -> Void = { _ in }) -> MailSettings {
        var settings = MailSettings(spool: folder.file("spool"))
        settings.admins = [.init(name: "Ann", address: "ann@example.com"), .init(name: "", address: "ops@example.com")]
        (settings.host, settings.port) = ("127.0.0.1", port)
        change(&settings)
        return settings
    }

    private func post(_ settings: MailSettings, programs: [String] = []) throws -> MailPost {
        let warnings = warnings
        return try MailPost(settings, host: "here", delivery: MailDelivery(settings, programs: programs)) { line in
            warnings.lines.withLock { $0.append(line) }
        }
    }

    private func fail(_ post: MailPost, _ task: String = "t", times: Int = 1) {
        for number in 0..<times {
            post.post(.failure, task: task, error: "E") {
                var notice = MailNotice(.failure, task: task, error: "E", worker: "celery@here", time: .now)
                (notice.id, notice.message) = ("id\(number)", "it broke")
                return notice
            }
        }
    }

    @Test func `a failure is told to all administrators at once`() async throws {
        let server = try MailServer(offersLogin: true)
        let post = try post(settings(server.port) { ($0.user, $0.password) = ("me", "sesame") })
        fail(post)
        #expect(try await eventually { server.mails.count == 1 })
        let mail = try #require(server.mails.first)
        #expect(mail.recipients == ["ann@example.com", "ops@example.com"] && mail.sender == "celery@localhost")
        #expect(mail.subject == "[celery@here] Error: Task t (id0): E: it broke" && mail.body.contains("it broke"))
        #expect(mail.login?.hasPrefix("AUTH PLAIN") == true)
        await post.end()
        #expect(warnings.lines.withLock { $0 } == [])
        var status = stat()
        #expect(stat(folder.file("spool"), &status) == 0 && status.st_mode & 0o777 == 0o700)
    }

    @Test func `five thousand failures make one mail now, and all are counted`() async throws {
        let server = try MailServer()
        let settings = settings(server.port)
        let post = try post(settings)
        fail(post, times: 5_000)
        #expect(try await eventually { server.mails.count == 1 })
        await post.end()
        #expect(server.mails.count == 1)
        let group = try #require(try MailSpool(settings.spool).read().digest.groups.first)
        #expect(group.total == 5_000)
    }

    @Test func `a server that is down loses no notice, over the end of the worker`() async throws {
        let server = try MailServer(isOpen: false)
        let settings = settings(server.port)
        let down = try post(settings)
        fail(down)
        fail(down, "u")
        await down.end()
        let warned = warnings.lines.withLock { $0 }
        #expect(warned.count == 1 && warned[0].hasPrefix("cannot send mail to ADMINS by 127.0.0.1:\(server.port): "))
        #expect(try MailSpool(settings.spool).waiting(in: .mails).count == 2)
        try server.open()
        let up = try post(settings)
        #expect(try await eventually { server.mails.count == 2 })
        await up.end()
        #expect(try MailSpool(settings.spool).waiting(in: .mails).isEmpty)
    }

    @Test func `a server that comes back gets what waited, from the same worker`() async throws {
        let server = try MailServer(isOpen: false)
        let post = try post(settings(server.port))
        fail(post)
        #expect(try await eventually { warnings.lines.withLock { $0.count } == 1 })
        try server.open()
        #expect(try await eventually(within: .seconds(60)) { server.mails.count == 1 })
        #expect(try await eventually { warnings.lines.withLock { $0.last } == "mail for ADMINS is sent again by 127.0.0.1:\(server.port)" })
        await post.end()
    }

    /// A server that answers nobody until it is let go.
    private final class Hanging: NoticeDelivery {
        let place = "there"
        let isHeld = Atomic(true)
        let offers = Atomic(0)

        func send(_ notice: [UInt8], named name: String) -> SMTPClient.Failure? {
            offers.add(1, ordering: .sequentiallyConsistent)
            while isHeld.load(ordering: .sequentiallyConsistent) { usleep(10_000) }
            return nil
        }
    }

    @Test func `a server that hangs keeps neither notices from the spool nor mails from another server`() async throws {
        let (server, hook) = (try MailServer(), Hanging())
        let settings = settings(server.port)
        let post = try MailPost(settings, host: "here", delivery: MailDelivery(settings, programs: []), hook: hook) { _ in }
        fail(post)
        #expect(try await eventually { hook.offers.load(ordering: .sequentiallyConsistent) == 1 && server.mails.count == 1 })
        fail(post, times: 7)
        #expect(try await eventually { (try? MailSpool(settings.spool))?.read().digest.groups.first?.total == 8 })
        fail(post, "u")
        #expect(try await eventually { server.mails.count == 2 })
        #expect(hook.offers.load(ordering: .sequentiallyConsistent) == 1)
        #expect(try MailSpool(settings.spool).waiting(in: .calls).count == 2)
        hook.isHeld.store(false, ordering: .sequentiallyConsistent)
        await post.end()
        #expect(try MailSpool(settings.spool).waiting(in: .calls).isEmpty)
    }

    @Test func `an address that is refused does not keep the mail from the others`() async throws {
        let server = try MailServer { $0 == "ann@example.com" }
        let post = try post(settings(server.port))
        fail(post)
        #expect(try await eventually { server.mails.count == 1 })
        #expect(server.mails.first?.recipients == ["ops@example.com"])
        await post.end()
    }

    @Test func `workers with one spool send one mail for all`() async throws {
        let server = try MailServer()
        let settings = settings(server.port)
        let posts = [try post(settings), try post(settings), try post(settings)]
        for post in posts { fail(post) }
        #expect(try await eventually { (try? MailSpool(settings.spool))?.read().digest.groups.first?.total == 3 })
        for post in posts { await post.end() }
        #expect(server.mails.count == 1)
    }

    @Test func `a task that failed is watched for its success`() async throws {
        let server = try MailServer()
        let post = try post(settings(server.port))
        #expect(!post.wantsSuccess(of: "t"))
        fail(post)
        #expect(try await eventually { post.wantsSuccess(of: "t") })
        post.post(.success, task: "t", error: "") { MailNotice(.success, task: "t", error: "", worker: "w", time: .now + .seconds(1)) }
        #expect(!post.wantsSuccess(of: "t"))
        await post.end()
    }

    @Test func `without a server, the machine's sendmail gets the mail`() async throws {
        let script = try folder.program("sendmail", "#!/bin/sh\necho \"$@\" >'\(folder.path)/words'; cat >'\(folder.path)/mail'\n")
        var settings = settings(1)
        settings.host = nil
        let post = try post(settings, programs: ["/no/such/sendmail", script])
        fail(post)
        #expect(try await eventually { folder.read("mail")?.contains("Content-Transfer-Encoding") == true })
        #expect(folder.read("words") == "-i -f celery@localhost -- ann@example.com ops@example.com\n")
        #expect(folder.read("mail")?.contains("\r") == false)
        await post.end()
        #expect(try MailSpool(settings.spool).waiting(in: .mails).isEmpty)
    }

    @Test func `a sendmail that fails is asked again`() async throws {
        let script = try folder.program("sendmail", "#!/bin/sh\ntest -e '\(folder.path)/ready' || exit 75\ncat >'\(folder.path)/mail'\n")
        var settings = settings(1)
        settings.host = nil
        let first = try post(settings, programs: [script])
        fail(first)
        #expect(try await eventually { warnings.lines.withLock { $0.count } == 1 })
        await first.end()
        try folder.write("", to: "ready")
        let second = try post(settings, programs: [script])
        #expect(try await eventually { folder.contains("mail") })
        await second.end()
    }

    @Test func `a notice that was folded when its process died is not counted twice`() throws {
        let spool = try MailSpool(folder.file("spool"))
        var notice = MailNotice(.failure, task: "t", error: "E", worker: "w", time: Timestamp(seconds: 1))
        notice.count = 3
        try spool.add([notice], now: Timestamp(seconds: 1))
        let (_, _, new) = spool.read()
        try #require(new.count == 1)
        var digest = MailDigest()
        for notice in new.flatMap(\.notices) { digest.note(notice) }
        try spool.store(digest, containing: new.map(\.file))
        // As if it had died before it removed the file.
        try folder.write(String(decoding: JSON.array([notice.json]).bytes(style: .compact), as: UTF8.self), to: "spool/new/\(new[0].file)")
        #expect(try MailSpool(folder.file("spool")).read().new.isEmpty)
        #expect(spool.read().digest.groups.first?.total == 3)
    }

    @Test func `a file that a dead process left behind is never counted again, whatever comes after it`() async throws {
        let server = try MailServer()
        let settings = settings(server.port)
        let spool = try MailSpool(settings.spool)
        let notice = MailNotice(.failure, task: "t", error: "E", worker: "w", time: .now)
        try spool.add([notice], now: .now)
        let file = try #require(spool.read().new.first?.file)
        var digest = MailDigest()
        digest.note(notice)
        try spool.store(digest, containing: [file])
        try folder.write(String(decoding: JSON.array([notice.json]).bytes(style: .compact), as: UTF8.self), to: "spool/new/\(file)")
        for count in 1...3 {
            let post = try post(settings)
            fail(post)
            await post.end()
            #expect(spool.read().digest.groups.first?.total == 1 + count)
        }
        #expect(!folder.contains("spool/new/\(file)"))
    }

    @Test func `a mail is written once though the state cannot be stored`() async throws {
        let server = try MailServer()
        let settings = settings(server.port)
        let post = try post(settings)
        #expect(mkdir(folder.file("spool/state"), 0o700) == 0)
        fail(post, "t")
        #expect(try await eventually { server.mails.count == 1 })
        fail(post, "u")
        let spool = try MailSpool(settings.spool)
        #expect(try await eventually { spool.read().new.count == 2 })
        // The loop has looked again since then.
        try await Task.sleep(for: .seconds(3))
        #expect(rmdir(folder.file("spool/state")) == 0)
        #expect(try await eventually { server.mails.count == 2 })
        await post.end()
        #expect(server.mails.map { $0.subject.contains("Task t") } == [true, false])
        #expect(warnings.lines.withLock { $0.count } == 1)
    }

    @Test func `more notices than one file holds are all counted`() async throws {
        let server = try MailServer()
        let settings = settings(server.port)
        let post = try post(settings)
        for number in 0..<120 { fail(post, "t\(number)") }
        let spool = try MailSpool(settings.spool)
        #expect(try await eventually { spool.read().digest.groups.count == 120 })
        await post.end()
    }

    @Test func `files that are no notices do no harm`() throws {
        let spool = try MailSpool(folder.file("spool"))
        for (name, text) in [("new/a", "{"), ("new/b", "[5, {}]"), ("new/c", ""), ("state", "[]")] { try folder.write(text, to: "spool/\(name)") }
        let (digest, folded, new) = spool.read()
        #expect(digest == MailDigest() && folded.isEmpty && new.map(\.notices.count) == [0, 0, 0])
    }
}
