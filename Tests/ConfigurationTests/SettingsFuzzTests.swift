import CeleryCore
import Fixtures
import Testing

@testable import Configuration

@Suite struct SettingsFuzzTests {
    private static let seed = """
        # A project
        AMQP_SERVER = "localhost"
        AMQP_PORT = 5672
        AMQP_VHOST = '''my
        vhost'''
        CELERY_QUEUES = ["a", 'b', # c
          "d"]
        CELERYD_TASK_TIME_LIMIT = 1.5e2
        CELERY_IGNORE_RESULT = true
        "CELERYD_LOG_FILE" = "a\\u00e9.log"
        CELERY_TASK_RESULT_EXPIRES = "5d"
        INSTALLED_APPS = []

        """

    /// What no setting takes, for the parser's sake.
    private static let more = """
        X = { y = 10:00:00.5, z = [[1], {}] }
        """

    /// Periodic tasks and HTTP tasks.
    private static let beat = """
        [beat.x]
        task = "a.b"
        args = [1, 2.5, "x", { y = [true] }]
        every = 0x1F
        [beat."n m"]
        task = "c"
        kwargs = { a = 1 }
        options = { queue = "q", expires = "1m", time_limit = 5 }
        crontab = "*/5 1,2 * * mon-fri"
        timezone = "Europe/Berlin"
        missed = "all"
        [task."a.b"]
        url = "https://[::1]:8443/x?y=%41"
        headers = { A = "b" }
        retry_backoff = 2
        timeout = "1m"

        """

    @Test func `a mutated file is read, or refused with a line that is in it`() {
        var random = SeededGenerator(seed: 1)
        let pieces = ["\"", "'", "[", "]", "{", "}", "=", "\n", "#", ".", "\\", "\"\"\"", "'''", "1", "-", "\u{0}", "é", "inf", "\\u0000",
            "2020-01-01", "T", " ", ",", "+", "_", ":", "0x", "e", "\r\n", "[[",
        ]
        var accepted = 0
        for round in 0..<fuzzRounds(6_000) {
            var bytes = Array((Self.seed + ["", Self.more, Self.beat][round % 3]).utf8)
            // From a whole file down to none of it.
            if round.isMultiple(of: 4) { bytes.removeLast(.random(in: 0...bytes.count, using: &random)) }
            for _ in 0..<Int.random(in: 1...6, using: &random) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = .random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                default: bytes.insert(contentsOf: pieces.randomElement(using: &random)!.utf8, at: place)
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            let lines = text.utf8.count { $0 == UInt8(ascii: "\n") } + 1
            do {
                _ = try resolved(text)
                accepted += 1
            } catch {
                let line = error.place.flatMap { Int($0.dropFirst("celery.toml:".count)) } ?? 0
                #expect((0...lines).contains(line), "\(error)")
                #expect(!error.message.isEmpty)
            }
        }
        #expect(accepted > 100, "most are refused, but not all")
    }

    @Test func `values of the environment never trap`() {
        var random = SeededGenerator(seed: 2)
        let letters = Array("0123456789-+.eE,;:/@%amqpsite smhdkg\u{7F}é")
        let names = SettingsKey.all.flatMap(\.environmentNames)
        for _ in 0..<fuzzRounds(5_000) {
            let word = String((0..<Int.random(in: 1...24, using: &random)).map { _ in letters.randomElement(using: &random)! })
            _ = try? resolved(nil, environment: [names.randomElement(using: &random)!: word])
        }
    }
}
