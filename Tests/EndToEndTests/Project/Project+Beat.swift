import Glibc
import Testing

extension Project {
    /// Adds periodic tasks to the settings.
    func periodic(_ sections: String) throws {
        try write(read("celery.toml") + "\n" + sections + "\n", to: "celery.toml")
    }

    /// Starts a detached beat: pidfile `NAME.pid`, log `NAME.log`.
    func startBeat(_ name: String = "b", _ options: String = "", with variables: [String: String] = [:]) throws {
        _ = try run("celery beat --detach -p \(name).pid -f \(name).log \(options)", with: variables).text
    }

    func stopBeat(_ name: String = "b") throws { _ = try run("celery beat --stop -p \(name).pid").text }

    func beatID(_ name: String = "b") throws -> Int32 { try #require(Int32(read("\(name).pid").filter(\.isNumber))) }

    /// The ids of the runs that a beat says it has sent.
    func sent(_ name: String = "b") -> [String] {
        read("\(name).log").matches(of: #/Sending due task .*\[(.{36})\]\)/#).map { String($0.1) }
    }

    /// Every id in the queues.
    func queued() throws -> [String] { try run("sqlite3 celery.db 'SELECT id FROM message'").lines }

    /// A task that is due each second.
    static let tick = "[beat.tick]\ntask = \"demo.tasks.add\"\nargs = [2, 3]\nevery = 1\n"
}
