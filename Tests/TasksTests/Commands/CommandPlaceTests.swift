import CeleryCore
import Fixtures
import Glibc
import Processes
import Testing

@testable import Tasks

/// Who else could have commands run: owners and modes of the database, its folder and the key.
@Suite(.enabled(if: geteuid() == 0, "needs root, which may give files away")) struct CommandPlaceTests {
    private let place = TemporaryFolder()
    private static let nobody: uid_t = 65_534

    private func policy() throws -> CommandPolicy {
        mkdir(place.file("p"), 0o755)
        for name in ["celery.db", "celery.db-wal", "celery.db-shm"] { try place.write("", to: "p/\(name)", mode: 0o600) }
        var settings = Settings(projectFolder: place.file("p"), file: try place.write("", to: "p/celery.toml"))
        settings.commandPatterns = nil
        return CommandPolicy(settings)
    }

    private func refusal(_ body: () throws -> Void) -> String {
        do {
            try body()
            return ""
        } catch {
            return (error as? CommandRefusal)?.message.replacing(place.path, with: "") ?? "\(error)"
        }
    }

    @Test func `a project of one's own is safe, and its key is made on first use`() throws {
        let policy = try policy()
        try policy.checkSending()
        try policy.checkRunning()
        #expect(refusal { _ = try policy.keyForRunning() } == "there is no key /p/celery.db.key")
        let key = try policy.keyForSending()
        var status = stat()
        #expect(lstat(policy.keyFile, &status) == 0 && status.st_mode == S_IFREG | 0o600)
        #expect(place.read("p/celery.db.key")?.count == 65)
        #expect(try policy.keyForSending() == key)
        #expect(try policy.keyForRunning() == key)
        #expect(FolderNames.of(place.file("p")).filter { $0.contains("key") } == ["celery.db.key"])
    }

    @Test func `many that make the key at once use the same`() async throws {
        let policy = try policy()
        let keys = try await withThrowingTaskGroup(of: CommandKey.self) { group in
            for _ in 0..<32 { group.addTask { try policy.keyForSending() } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(keys.count == 32 && Set(keys.map(\.bytes)).count == 1)
    }

    @Test(arguments: ["celery.db", "celery.db-wal", "celery.db-shm", "celery.db-journal"])
    func `no file of the database may be writable by others, or theirs, or a link`(_ name: String) throws {
        let policy = try policy()
        let file = try place.write("", to: "p/\(name)", mode: 0o600)
        for (mode, who) in [(0o602, "every user"), (0o620, "the group root"), (0o666, "every user")] as [(mode_t, String)] {
            chmod(file, mode)
            for check in [policy.checkSending, policy.checkRunning] {
                #expect(refusal { try check(0) } == "/p/\(name) is writable by \(who)")
            }
        }
        chmod(file, 0o644)
        try policy.checkRunning()
        chown(file, Self.nobody, 0)
        #expect(refusal { try policy.checkRunning() } == "/p/\(name) belongs to user nobody, not to root")
        chown(file, 0, 0)
        unlink(file)
        symlink(try place.write("", to: "elsewhere", mode: 0o600), file)
        #expect(refusal { try policy.checkRunning() } == "/p/\(name) is a link")
    }

    @Test func `the folder, those above it, and the settings are checked too`() throws {
        let policy = try policy()
        chmod(place.file("p"), 0o777)
        #expect(refusal { try policy.checkRunning() } == "/p is writable by every user")
        // Nobody can replace a file there, but anybody can make the -wal of a database that has none.
        chmod(place.file("p"), 0o1777)
        #expect(refusal { try policy.checkRunning() } == "/p is writable by every user")
        chmod(place.file("p"), 0o775)
        #expect(refusal { try policy.checkRunning() } == "/p is writable by the group root")
        chmod(place.file("p"), 0o755)
        chown(place.file("p"), Self.nobody, 0)
        #expect(refusal { try policy.checkRunning() } == "/p belongs to user nobody, not to root")
        chown(place.file("p"), 0, 0)
        chmod(place.path, 0o777)
        #expect(refusal { try policy.checkRunning() } == " is writable by every user")
        chmod(place.path, 0o755)
        chown(place.path, Self.nobody, 0)
        #expect(refusal { try policy.checkRunning() } == " belongs to user nobody, not to root")
        chown(place.path, 0, 0)
        try policy.checkRunning()
        chmod(place.file("p/celery.toml"), 0o666)
        #expect(refusal { try policy.checkRunning() } == "/p/celery.toml is writable by every user")
    }

    @Test func `a path through a link that somebody else owns is not safe`() throws {
        _ = try policy()
        symlink(place.file("p"), place.file("link"))
        let linked = CommandPolicy(Settings(projectFolder: place.file("link")))
        try linked.checkRunning()
        mkdir(place.file("theirs"), 0o755)
        symlink(place.file("p"), place.file("theirs/link"))
        chown(place.file("theirs"), Self.nobody, 0)
        let others = CommandPolicy(Settings(projectFolder: place.file("theirs/link")))
        #expect(refusal { try others.checkRunning() } == "/theirs belongs to user nobody, not to root")
    }

    @Test func `root runs only commands of root, and another user only its own`() throws {
        let policy = try policy()
        #expect(refusal { try policy.checkRunning(as: 1_000) }.contains("/p/celery.db belongs to user root, not to "))
        for name in FolderNames.of(place.file("p")) where name != ".." { chown(place.file("p/\(name)"), 1_000, 1_000) }
        try policy.checkRunning(as: 1_000)
        #expect(refusal { try policy.checkRunning() }.hasPrefix("/p/celery.db belongs to user "))
        #expect(refusal { _ = try policy.keyForSending() }.hasPrefix("/p/celery.db belongs to user "))
        #expect(!FolderNames.of(place.file("p")).contains("celery.db.key"))
    }

    @Test func `the key is nobody else's, and no link`() throws {
        let policy = try policy()
        _ = try policy.keyForSending()
        for mode in [0o604, 0o640, 0o602, 0o620, 0o610] as [mode_t] {
            chmod(policy.keyFile, mode)
            for check in [policy.keyForSending, policy.keyForRunning] {
                #expect(refusal { _ = try check(0) } == "others can read the key /p/celery.db.key", "\(mode)")
            }
        }
        chmod(policy.keyFile, 0o600)
        chown(policy.keyFile, Self.nobody, 0)
        #expect(refusal { _ = try policy.keyForRunning() } == "the key /p/celery.db.key belongs to user nobody, not to root")
        unlink(policy.keyFile)
        symlink(try place.write(String(repeating: "k", count: 64), to: "mine", mode: 0o600), policy.keyFile)
        #expect(refusal { _ = try policy.keyForRunning() } == "cannot read the key /p/celery.db.key: it is a link")
        unlink(policy.keyFile)
        // A link to nothing must not become a way of writing elsewhere.
        symlink(place.file("nowhere"), policy.keyFile)
        #expect(refusal { _ = try policy.keyForSending() } == "cannot read the key /p/celery.db.key: it is a link")
        #expect(!place.contains("nowhere"))
        unlink(policy.keyFile)
        mkfifo(policy.keyFile, 0o600)
        #expect(refusal { _ = try policy.keyForRunning() } == "cannot read the key /p/celery.db.key: it is not a file")
        unlink(policy.keyFile)
        try place.write("short\n", to: "p/celery.db.key", mode: 0o600)
        #expect(refusal { _ = try policy.keyForSending() } == "the first line of /p/celery.db.key is shorter than 32 characters, which is no safe key")
    }

    @Test func `another broker needs a key in the settings, and a worker also patterns`() throws {
        var settings = Settings(projectFolder: place.path)
        settings.brokerURL = "amqp://u:secret@host//"
        #expect(refusal { try CommandPolicy(settings).checkSending() }.hasPrefix("commands sent through amqp://u:***@host/"))
        settings.commandKey = place.file("key")
        #expect(refusal { _ = try CommandPolicy(settings).keyForSending() } == "there is no key /key")
        try place.write(String(repeating: "k", count: 32) + "\n", to: "key", mode: 0o600)
        let key = try CommandPolicy(settings).keyForSending()
        #expect(key.bytes.count == 32)
        #expect(refusal { try CommandPolicy(settings).checkRunning() } == "CELERY_COMMAND_KEY is set, but not which commands may run")
        settings.commandPatterns = []
        #expect(refusal { try CommandPolicy(settings).checkRunning() } == "CELERY_COMMAND_PATTERNS is empty, so no command may run")
        settings.commandPatterns = ["ls ..."]
        #expect(try CommandPolicy(settings).keyForRunning() == key)
        #expect(CommandPolicy(CommandPolicy(settings).json) == CommandPolicy(settings))
        try CommandPolicy(settings).checkPatterns([Array("ls".utf8), Array("-l".utf8)])
        #expect(refusal { try CommandPolicy(settings).checkPatterns([Array("rm".utf8)]) } == "no pattern of CELERY_COMMAND_PATTERNS allows this command")
    }
}
