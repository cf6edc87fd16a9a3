import CeleryCore
import Fixtures
import Glibc
import Testing

@testable import Configuration

@Suite struct SettingsPrecedenceTests {
    @Test func `a flag goes before the environment, that before the file, that before the default`() throws {
        let file = "CELERYD_CONCURRENCY = 1\nCELERYD_PREFETCH = 1\nCELERYD_CRASH_LIMIT = 1"
        let resolved = try resolved(
            file, flags: [SettingsFlag(option: "--concurrency", key: "CELERYD_CONCURRENCY", text: "3")],
            environment: ["CELERYD_CONCURRENCY": "2", "CELERYD_PREFETCH": "2"])
        #expect(resolved.settings.concurrency == 3)
        #expect(resolved.settings.prefetch == 2)
        #expect(resolved.settings.crashLimit == 1)
        #expect(resolved.origin(of: "CELERYD_CONCURRENCY").description == "--concurrency")
        #expect(resolved.origin(of: "CELERYD_PREFETCH").description == "CELERYD_PREFETCH in the environment")
        #expect(resolved.origin(of: "CELERYD_CRASH_LIMIT").description == "celery.toml:3")
        #expect(resolved.origin(of: "CELERYD_LOG_FILE").description == "default")
    }

    @Test func `a broker in the environment replaces the AMQP settings of the file`() throws {
        let resolved = try resolved("AMQP_SERVER = 'a'", environment: ["CELERY_BROKER_URL": "amqp://b"])
        #expect(resolved.settings.brokerURL == "amqp://b")
        #expect(resolved.origin(of: "CELERY_BROKER_URL") == .environment("CELERY_BROKER_URL"))
    }

    @Test func `the broker made of AMQP settings is said to come from the first of them`() throws {
        let resolved = try resolved("\nAMQP_PORT = 1\nAMQP_SERVER = 'a'")
        #expect(resolved.origin(of: "CELERY_BROKER_URL") == .file("celery.toml", line: 2))
    }

    @Test func `only names that begin with CELERY are read from the environment`() throws {
        let environment = ["AMQP_SERVER": "x", "BROKER_URL": "amqp://x", "CELERY_CONCURRENCY": "7", "CELERY_UNKNOWN": "1"]
        let settings = try settings("", environment: environment)
        #expect(settings.brokerURL == "sqlite:///shop/celery.db")
        #expect(settings.concurrency == 7)
    }

    @Test func `an empty variable is not set`() throws {
        #expect(try settings("CELERYD_PREFETCH = 4", environment: ["CELERYD_PREFETCH": ""]).prefetch == 4)
    }

    @Test func `words of the environment are read as the setting needs them`() throws {
        let settings = try settings(
            "",
            environment: [
                "CELERY_QUEUES": "a, b", "CELERY_IGNORE_RESULT": "yes", "CELERY_TASK_RESULT_EXPIRES": "2h",
                "CELERYD_MAX_OUTPUT_BYTES": "1m",
            ])
        #expect(settings.queues == ["a", "b"])
        #expect(settings.ignoreResult)
        #expect(settings.resultExpires == 7_200)
        #expect(settings.maxOutputBytes == 1 << 20)
    }

    @Test func `relative paths start at the file that has them, else at the working folder`() throws {
        let file = "CELERY_BROKER_URL = 'sqlite:q.db'\nCELERYD_LOG_FILE = 'a.log'"
        #expect(try settings(file).brokerURL == "sqlite:///shop/q.db")
        #expect(try settings(file).logFile == "/shop/a.log")
        let other = try settings(
            file, flags: [SettingsFlag(option: "--logfile", key: "CELERYD_LOG_FILE", text: "./b.log")],
            environment: ["CELERY_BROKER_URL": "sqlite:p.db"])
        #expect(other.brokerURL == "sqlite:///here/p.db")
        #expect(other.logFile == "/here/b.log")
        #expect(other.pidFile == "/shop/celeryd.pid")
    }

    @Test func `of a flag given twice the last counts`() throws {
        let flags = ["1", "2"].map { SettingsFlag(option: "-c", key: "CELERYD_CONCURRENCY", text: $0) }
        #expect(try settings("", flags: flags).concurrency == 2)
    }

    @Test func `the file is found from a folder below, and the nearest one counts`() throws {
        let folder = TemporaryFolder()
        try folder.write("CELERYD_PREFETCH = 1", to: "celery.toml")
        try folder.write("", to: "a/b/c/file")
        #expect(SettingsFile.find(from: folder.path + "/a/b/c") == folder.path + "/celery.toml")
        let resolved = try SettingsReader.resolve(environment: [:], workingFolder: folder.path + "/a/b/c")
        #expect(resolved.settings.projectFolder == folder.path)
        #expect(resolved.origin(of: "CELERYD_PREFETCH") == .file(folder.path + "/celery.toml", line: 1))
        try folder.write("", to: "a/celery.toml")
        #expect(SettingsFile.find(from: folder.path + "/a/b/c") == folder.path + "/a/celery.toml")
        #expect(SettingsFile.find(from: folder.path) == folder.path + "/celery.toml")
    }

    @Test func `a folder called celery toml is not the file`() throws {
        let folder = TemporaryFolder()
        try folder.write("", to: "celery.toml")
        try folder.write("", to: "a/celery.toml/x")
        #expect(SettingsFile.find(from: folder.path + "/a") == folder.path + "/celery.toml")
    }

    @Test func `without a file the working folder is the project`() throws {
        let folder = TemporaryFolder()
        let resolved = try SettingsReader.resolve(environment: [:], workingFolder: folder.path)
        #expect(resolved.settings == Settings(projectFolder: folder.path))
        #expect(resolved.settings.brokerURL == "sqlite://\(folder.path)/celery.db")
        #expect(resolved.origins.isEmpty)
    }

    @Test func `the flag names the file before CELERY_SETTINGS, and that before the search`() throws {
        let folder = TemporaryFolder()
        try folder.write("CELERYD_PREFETCH = 1", to: "celery.toml")
        try folder.write("CELERYD_PREFETCH = 2", to: "b/b.toml")
        try folder.write("CELERYD_PREFETCH = 3", to: "c/c.toml")
        let environment = ["CELERY_SETTINGS": "b/b.toml"]
        let fromEnvironment = try SettingsReader.resolve(environment: environment, workingFolder: folder.path)
        #expect(fromEnvironment.settings.prefetch == 2)
        #expect(fromEnvironment.settings.projectFolder == folder.path + "/b")
        let fromFlag = try SettingsReader.resolve(
            settingsFile: "./c/c.toml", environment: environment, workingFolder: folder.path)
        #expect(fromFlag.settings.prefetch == 3)
        #expect(fromFlag.settings.file == folder.path + "/c/c.toml")
        let above = try SettingsReader.resolve(
            settingsFile: "../celery.toml", environment: [:], workingFolder: folder.path + "/b")
        #expect(above.settings.projectFolder == folder.path)
    }

    @Test func `an empty CELERY_SETTINGS names nothing`() throws {
        let folder = TemporaryFolder()
        try folder.write("CELERYD_PREFETCH = 1", to: "celery.toml")
        let resolved = try SettingsReader.resolve(environment: ["CELERY_SETTINGS": ""], workingFolder: folder.path)
        #expect(resolved.settings.prefetch == 1)
    }
}
