import Arguments
import CeleryCore
import Client
import Testing

@testable import Commands

@Suite struct SendArgumentsTests {
    private func read(_ words: String...) throws -> SendOptions {
        try SendArguments.read(try ArgumentParser.parse(["apply"] + words + ["t"], table: CeleryTable.table))
    }

    @Test func `every row that may stand there is an option of apply and dmap`() {
        for option in TaskOptionTable.rows(at: .commandLine) {
            for command in [ApplyCommand.command.spec, DmapCommand.command.spec] {
                #expect(command.options.contains { $0.long == option.long }, "\(command.name) --\(option.long)")
            }
        }
    }

    @Test func `options are read by their rows`() throws {
        let options = try read(
            "--queue", "q", "--priority=3", "--time-limit", "5m", "--soft-time-limit", "4m", "--max-retries", "2", "--retry-backoff", "0",
            "--retry-jitter", "none", "--autoretry", "7,SIGTERM", "--max-memory", "64m", "--concurrency-key", "k", "--ignore-result",
            "--header", "a=1", "--header", "b=x")
        #expect((options.queue, options.priority, options.maxRetries) == ("q", 3, 2))
        #expect((options.timeLimit, options.softTimeLimit) == (.seconds(300), .seconds(240)))
        #expect(options.said[CommonOptions.table.retryBackoff] == .some(nil))
        #expect((options.retryJitter, options.ignoreResult) == (false, true))
        #expect(options.autoretryFor == [7, "SIGTERM"])
        #expect((options.maxMemoryBytes, options.concurrencyKey) == (64 << 20, "k"))
        #expect(options.headers == ["a": 1, "b": "x"])
        #expect(try read().said.isEmpty)
    }

    @Test func `a countdown is an ETA from now`() throws {
        let before = Timestamp.now
        let eta = try #require(try read("--countdown", "60").eta)
        #expect(eta >= before + .seconds(60) && eta < before + .seconds(120))
    }

    @Test(arguments: [
        (["--priority", "256"], "'256' is more than 255 (for --priority)"),
        (["--time-limit", "soon"], "'soon' is not a duration (for --time-limit); write seconds, or 90s, 10m, 2h, 1d"),
        (["--retry-jitter", "ful"], "'ful' is not one of full, none (for --retry-jitter); did you mean 'full'?"),
        (["--max-memory", "0"], "'0' is not an amount of memory (for --max-memory); write bytes, or 64k, 64m, 1g"),
        (["--header", "x"], "'x' is not K=V (for --header)"), (["--queue", ""], "'' is empty (for --queue)"),
        (["--exchange", "e"], "--exchange needs --routing-key"),
        (["--eta", "06:00", "--countdown", "5"], "--countdown and --eta exclude each other"),
        (["--time-limit", "5", "--soft-time-limit", "6"], "--soft-time-limit is longer than --time-limit"),
        (
            ["--ack", "early"],
            "unknown option '--ack' | ack is allowed in the option line of a task, not in the command line of celery apply"
        ),
    ])
    func `says what is wrong`(_ words: [String], _ expected: String) {
        do {
            _ = try SendArguments.read(try ArgumentParser.parse(["apply"] + words + ["t"], table: CeleryTable.table))
            Issue.record("was read")
        } catch {
            let description = Report.describe(error)
            #expect(([description.message] + [description.hint].compactMap { $0 }).joined(separator: " | ") == expected)
        }
    }
}
