import Fixtures
import Testing

/// Results over RabbitMQ, for commands that come and go.
@Suite(.blocking)
struct MessageResultTests {
    @Test(arguments: ["rpc://", "amqp://"])
    func `a later command finds the result, and so does the next`(_ store: String) throws {
        let place = try RabbitMQPlace()
        // `amqp://` alone means where the broker is, for the server is not where its name would lead.
        let variables = ["CELERY_RESULT_BACKEND": store]
        let id = try place.run("celery apply demo.tasks.add 2 3", with: variables).text
        #expect(try place.run("celery result \(id)", with: variables).status == 75)
        #expect(try place.run("celery celeryd --burst -q", with: variables).status == 0)
        for _ in 0..<2 { #expect(try place.run("celery result \(id)", with: variables) == Ended("5\n")) }
        #expect(try place.run("celery status \(id)", with: variables) == Ended("\(id)\tSUCCESS\n"))
    }

    @Test func `says where results by rpc are when another project asks`() throws {
        let place = try RabbitMQPlace()
        let variables = ["CELERY_RESULT_BACKEND": "rpc://"]
        let id = try place.run("celery apply demo.tasks.add 2 3", with: variables).text
        #expect(try place.run("celery celeryd --burst -q", with: variables).status == 0)
        let hint = "hint: results by rpc:// are sent to the project that submitted the task: ask there, or use a common result store, "
            + "CELERY_RESULT_BACKEND = \"db+sqlite:///FILE\" on one machine, \"postgresql://HOST/DATABASE\" or \"amqp://\"\n"
        let elsewhere = try Project()
        let all = place.variables().merging(variables) { $1 }
        try elsewhere.expect("celery result \(id)", with: all, Ended(errors: "celery result: \(id): not ready: PENDING\n\(hint)", status: 75))
        try elsewhere.expect("celery status \(id)", with: all, Ended("\(id)\tPENDING\n", errors: hint, status: 75))
        try place.project.expect("celery result \(id)", with: all, Ended("5\n"))
        // A store that keeps results for all has no such trouble.
        let other = try place.run("celery result \(id)", with: ["CELERY_RESULT_BACKEND": "amqp://"])
        #expect(other == Ended(errors: "celery result: \(id): not ready: PENDING\n", status: 75))
    }

    @Test func `78 for rpc with a place, which would not be looked at`() throws {
        let place = try RabbitMQPlace()
        try place.project.expect("celery apply demo.tasks.add 1 --result-backend rpc://u:hush@elsewhere/x", with: place.variables(), Ended(
            errors: """
                celery apply: result store rpc://u:***@elsewhere/x names a server, but rpc:// results always come through the broker
                hint: write just rpc://

                """, status: 78))
        #expect(try place.run("celery apply demo.tasks.add 1 --result-backend rpc:///").status == 0)
    }

    @Test func `two commands that wait at the same time both get it`() throws {
        let place = try RabbitMQPlace()
        let variables = ["CELERY_RESULT_BACKEND": "rpc://"]
        let ids = try (0..<2).map { try place.run("celery apply demo.tasks.add \($0) 1", with: variables).text }
        let waiting = try (0..<3).map { _ in
            try place.project.start("celery result --wait --timeout 40 \(ids[0]) \(ids[1])", with: place.variables().merging(variables) { $1 })
        }
        #expect(try place.run("celery celeryd --burst -q", with: variables).status == 0)
        for command in waiting { #expect(try command.wait() == Ended("1\n2\n")) }
    }

    @Test func `outside a project they are kept with the user's state`() throws {
        let place = try RabbitMQPlace()
        let state = "\(place.project.folder)/state"
        let variables = place.variables().merging(["CELERY_RESULT_BACKEND": "rpc://", "XDG_STATE_HOME": state]) { $1 }
        let folder = place.project.folder
        // A worker of the project runs what was sent from outside.
        let said = try place.project.run("celery apply demo.tasks.add 20 3", with: variables, in: folder).text
        let id = try #require(said.split(separator: "\n").last)
        #expect(try place.project.run("celery celeryd --burst -q", with: variables).status == 0)
        for _ in 0..<2 { #expect(try place.project.run("celery result \(id)", with: variables, in: folder).output == "23\n") }
        #expect(try place.project.run("ls \(state)/celery").output.contains("celery.reply."))
    }

    @Test func `a worker that cannot keep results ends when it is told to, and another runs the task`() throws {
        let place = try RabbitMQPlace()
        let id = try place.run("celery apply demo.tasks.add 2 3").text
        let away = ["CELERY_RESULT_BACKEND": "amqp://a:hush@127.0.0.1:1/x"]
        try place.project.startWorker(with: place.variables().merging(away) { $1 })
        #expect(eventually { place.project.log.contains("cannot record 1 outcome") })
        try place.project.stopWorker()
        #expect(place.project.log.contains("Stopping without recording 1 outcome: demo.tasks.add[\(id)]"))
        #expect(!place.project.log.contains("hush"))
        #expect(try place.run("celery celeryd --burst -q").status == 0)
        #expect(try place.run("celery result \(id)") == Ended("5\n"))
    }
}
