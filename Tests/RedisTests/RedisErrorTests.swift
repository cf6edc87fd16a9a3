import CeleryCore
import Testing

@testable import Redis

@Suite struct RedisErrorTests {
    private static let place = "redis://u:***@h:6379/0"

    @Test(arguments: [
        ("NOAUTH Authentication required.", .noPermission), ("WRONGPASS invalid username-password pair or user is disabled.", .noPermission),
        ("NOPERM this user has no permissions to run the 'eval' command", .noPermission),
        ("OOM command not allowed when used memory > 'maxmemory'.", .tryAgain),
        ("ERR Error running script (call to f_1): @user_script:20: @user_script: 20: -OOM command not allowed", .tryAgain),
        ("MISCONF Redis is configured to save RDB snapshots", .tryAgain), ("READONLY You can't write against a read only replica.", .tryAgain),
        ("LOADING Redis is loading the dataset in memory", .tryAgain), ("BUSY Redis is busy running a script.", .tryAgain),
        ("MOVED 3999 127.0.0.1:6381", .configuration), ("CROSSSLOT Keys in request don't hash to the same slot", .configuration),
        ("WRONGTYPE Operation against a key holding the wrong kind of value", .unusable), ("ERR syntax error", .refused),
    ] as [(String, DriverError.Code)])
    func `a refusal of a server becomes an error with its cause`(reply: String, code: DriverError.Code) {
        let error = DriverError(RedisError(reply: reply, to: "SET"), at: Self.place)
        #expect(error.code == code && error.message.contains(Self.place))
        // Whether the request is to blame decides whether it is sent again.
        #expect(error.isAboutRequest == (code == .refused))
        #expect(code == .refused || reply.hasPrefix("LOADING") || reply.hasPrefix("BUSY") || error.hint != nil)
    }

    @Test func `shows what happened, where, and what to do`() {
        let full = DriverError(RedisError(reply: "OOM command not allowed", to: "EVALSHA"), at: Self.place)
        #expect(full.message == "redis://u:***@h:6379/0: the server refuses EVALSHA: OOM command not allowed")
        #expect(full.hint == "the server has reached its maxmemory: raise it, or let results expire sooner (CELERY_TASK_RESULT_EXPIRES)")
        let missing = DriverError(RedisError(.libraryMissing, "cannot load libssl: not found"), at: Self.place)
        #expect(missing.code == .configuration && missing.hint == "install it: apt-get install libssl3")
    }

    @Test func `text of a server cannot command a terminal`() {
        let error = RedisError(reply: "ERR \u{1B}[2J" + String(repeating: "x", count: 5_000), to: "GET")
        #expect(!error.message.contains("\u{1B}") && error.message.utf8.count < 1_000)
    }
}
