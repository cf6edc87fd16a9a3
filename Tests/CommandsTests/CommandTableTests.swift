import Arguments
import CeleryCore
import Configuration
import Fixtures
import Testing

@testable import Commands

@Suite struct CommandTableTests {
    @Test func `has no mistakes`() {
        #expect(CeleryTable.table.lint() == [])
    }

    @Test func `names settings that exist`() {
        let commands = CeleryTable.commands + CeleryTable.commands.flatMap(\.subcommands)
        let options = CeleryTable.table.globalOptions + commands.flatMap(\.spec.options)
        for option in options {
            for name in option.settings { #expect(SettingsKey.named(name) != nil, "--\(option.long): \(name)") }
        }
    }

    @Test func `has an action for every command, and no command twice`() {
        #expect(CeleryTable.commands.map(\.spec.name) == CeleryTable.table.commands.map(\.name))
        #expect(Set(CeleryTable.commands.map(\.spec.name)).count == CeleryTable.commands.count)
    }

    @Test func `has an action for every command within a command`() {
        for command in CeleryTable.table.commands {
            for inner in command.subcommands { #expect(CeleryTable.action(of: inner)?.spec.name == inner.name, "\(inner.qualifiedName)") }
        }
        #expect(CeleryTable.table.command("beat")?.subcommands.isEmpty == false)
    }

    @Test func `tells of exit statuses in every shown command`() {
        let commands = CeleryTable.table.shownCommands
        for command in commands + commands.flatMap(\.shownSubcommands) { #expect(!command.exitStatuses.isEmpty, "\(command.name)") }
    }

    @Test func `tells of exit statuses in their order, and of tasks only where a command ends as a task did`() {
        let commands = CeleryTable.table.shownCommands
        for command in commands + commands.flatMap(\.shownSubcommands) {
            let numbers = command.exitStatuses.compactMap { Int($0.status.prefix { $0.isNumber }) }
            #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count, "\(command.qualifiedName)")
            let done = command.exitStatuses.first { $0.status == "0" }?.meaning
            #expect(done != "Done; the task succeeded." || numbers.contains(1), "\(command.qualifiedName)")
        }
    }

    /// Of an option that sets a setting, the flag for the reader.
    @Test func `hands every worker option on as a setting`() throws {
        let words = [
            "celeryd", "-c", "3", "-Q", "a,b", "-l", "debug", "-f", "x.log", "-p", "x.pid", "--time-limit", "90s",
            "--soft-time-limit", "1m", "--max-tasks-per-child", "5", "--max-memory-per-child", "6", "--prefetch", "7", "--autoscale", "9,2",
        ]
        let flags = CelerydOptions.flags(try ArgumentParser.parse(words, table: CeleryTable.table))
        #expect(flags == [
            SettingsFlag(option: "--concurrency", key: "CELERYD_CONCURRENCY", text: "3"),
            SettingsFlag(option: "--queues", key: "CELERY_QUEUES", text: "a,b"),
            SettingsFlag(option: "--loglevel", key: "CELERYD_DAEMON_LOG_LEVEL", text: "debug"),
            SettingsFlag(option: "--logfile", key: "CELERYD_LOG_FILE", text: "x.log"),
            SettingsFlag(option: "--pidfile", key: "CELERYD_PID_FILE", text: "x.pid"),
            SettingsFlag(option: "--time-limit", key: "CELERYD_TASK_TIME_LIMIT", text: "90.0"),
            SettingsFlag(option: "--soft-time-limit", key: "CELERYD_TASK_SOFT_TIME_LIMIT", text: "60.0"),
            SettingsFlag(option: "--max-tasks-per-child", key: "CELERYD_MAX_TASKS_PER_CHILD", text: "5"),
            SettingsFlag(option: "--max-memory-per-child", key: "CELERYD_MAX_MEMORY_PER_CHILD", text: "6"),
            SettingsFlag(option: "--autoscale", key: "CELERYD_AUTOSCALE", text: "9,2"),
            SettingsFlag(option: "--prefetch", key: "CELERYD_PREFETCH", text: "7"),
        ])
        #expect(CelerydOptions.flags(try ArgumentParser.parse(["celeryd"], table: CeleryTable.table)) == [])
        let settings = try SettingsReader.resolve(flags: flags, environment: [:], workingFolder: "/w").settings
        #expect(settings.concurrency == 3)
        #expect(settings.hardTimeLimit == 90)
        #expect(settings.autoscale == AutoscaleRange(most: 9, least: 2))
        #expect(settings.pidFile == "/w/x.pid")
    }

    @Test(arguments: ["warn", "WARN", "fatal", "DEBUG", "critical"]) func `--loglevel takes what the setting takes`(_ level: String) throws {
        let parsed = try ArgumentParser.parse(["celeryd", "-l", level], table: CeleryTable.table)
        let settings = try SettingsReader.resolve(
            flags: CelerydOptions.flags(parsed), environment: [:], workingFolder: "/").settings
        #expect(settings.logLevel == ["WARN": "WARNING", "FATAL": "CRITICAL"][level.uppercased(), default: level.uppercased()])
    }

    @Test func `hands every option of beat on as a setting`() throws {
        let words = ["beat", "-l", "debug", "-f", "x.log", "-p", "x.pid", "--max-interval", "1m"]
        let flags = BeatOptions.flags(try ArgumentParser.parse(words, table: CeleryTable.table))
        let settings = try SettingsReader.resolve(flags: flags, environment: [:], workingFolder: "/w").settings
        #expect(settings.beatLogLevel == "DEBUG")
        #expect(settings.beatLogFile == "/w/x.log")
        #expect(settings.beatPIDFile == "/w/x.pid")
        #expect(settings.beatMaxInterval == 60)
    }
}
