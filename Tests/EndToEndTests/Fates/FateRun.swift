import Fixtures
import Glibc
import Testing

/// A project in which something happens to one task, `demo.tasks.work`, that tells of each attempt in the file `runs`.
///
/// On RabbitMQ the results are kept in a SQLite file, so that each id can be asked for.
final class FateRun: Sendable {
    let fate: FateCase
    let project: Project
    private let place: RabbitMQPlace?

    /// - Parameters:
    ///   - body: what the program does after it has told of its attempt.
    ///   - options: its options besides `ack`.
    ///   - server: a RabbitMQ server of one's own, for a test that harms it.
    ///   - store: a server that keeps the results, as messages.
    ///   - folder: where the SQLite file is; by default in the project.
    init(
        _ fate: FateCase, _ body: String, options: String = "", server: RabbitMQServer? = nil, store: RabbitMQServer? = nil,
        folder: String? = nil
    ) throws {
        self.fate = fate
        switch fate.place {
        case .sqlite:
            place = nil
            project = try Project()
            try project.write("""
                INSTALLED_APPS = ["demo"]
                CELERY_BROKER_URL = "sqlite:///\(folder ?? project.path)/celery.db"
                """, to: "celery.toml")
        case .rabbitMQ:
            let place = try RabbitMQPlace(server)
            self.place = place
            project = place.project
            try project.write("""
                INSTALLED_APPS = ["demo"]
                CELERY_BROKER_URL = "\(place.url)"
                CELERY_RESULT_BACKEND = "\(store?.url() ?? "sqlite:///\(folder ?? project.path)/results.db")"
                CELERY_BROKER_HEARTBEAT = 2
                CELERY_PUBLISH_TIMEOUT = 5
                """, to: "celery.toml")
        }
        try project.task("work.sh", """
            #!/bin/bash
            # celery: ack=\(fate.acknowledgement.rawValue) \(options)
            echo "$CELERY_ATTEMPT $CELERY_TASK_RETRIES" >>runs
            \(body)
            """)
    }

    /// A program that runs until the file `go` is there.
    static let waits = "until [ -e go ]; do sleep 0.02; done; echo \"attempt $CELERY_ATTEMPT\""

    /// The attempts that ran: their numbers, and how often the task had asked for another.
    var runs: [String] { project.read("runs").split(separator: "\n").map(String.init) }

    func start(_ options: String = "", name: String = "w") throws {
        _ = try project.run("celery celeryd --detach -p \(name).pid -f \(name).log -c1 \(options)").text
    }

    func apply() throws -> String { try project.apply("demo.tasks.work") }

    func go() throws { try project.write("", to: "go") }

    func signal(_ signal: Int32, to name: String = "w") throws {
        kill(try #require(Int32(project.read("\(name).pid").filter(\.isNumber))), signal)
    }

    /// Stops the worker by SIGSTOP.
    func halt() throws { try project.haltWorker() }

    func hasBegun(times: Int = 1) -> Bool { eventually { runs.count >= times } }

    /// Waits for a worker that was asked to stop.
    func waitForEnd(of name: String = "w") throws -> Bool {
        try eventually { try project.run("celery celeryd --is-running -p \(name).pid").status != 0 }
    }

    /// What `celery result --wait` comes to.
    func result(of id: String, within seconds: Int = 40) throws -> Ended {
        try project.run("celery result --wait --timeout \(seconds) \(id)")
    }

    /// Nothing is left to run.
    func isEmpty() throws -> Bool {
        try project.run("celery celeryd --burst -q -n last -c1 -l ERROR").status == 0
    }
}
