import CeleryCore
import Fixtures
import Testing

/// How much a worker holds that another could run.
@Suite(.blocking)
struct RabbitMQPrefetchTests {
    @Test(arguments: ["classic", "quorum"])
    func `slow tasks behind fast ones are left to other workers`(_ type: String) throws {
        let place = try RabbitMQPlace()
        let project = place.project
        let variables = place.variables().merging(["CELERY_DEFAULT_QUEUE_TYPE": type]) { $1 }
        try project.task("slow.sh", "#!/bin/sh\necho $PPID >>began\nexec sleep 60\n")
        let fast = Array(repeating: #"{"task": "example.nothing", "ignore_result": true}"#, count: 3_000)
        let slow = Array(repeating: #"{"task": "demo.tasks.slow"}"#, count: 300)
        try project.write((fast + slow).joined(separator: "\n") + "\n", to: "tasks.jsonl")
        #expect(try project.run("celery-example apply --batch - <tasks.jsonl", with: variables).status == 0)

        _ = try project.run("celery-example celeryd --detach -p w.pid -f w.log -c1", with: variables).text
        #expect(eventually { project.exists("began") }, "\(project.log)")
        // The one that runs; and the next, where the server counts for each subscription.
        _ = try eventually { try held(place, variables) <= 2 }
        #expect(try held(place, variables) <= 2)

        _ = try project.run("celery-example celeryd --detach -p v.pid -f v.log -c1", with: variables).text
        #expect(eventually { project.read("began").split(separator: "\n").count == 2 })
        #expect(try held(place, variables) <= 4)
    }

    @Test func `a task that came back from children which were replaced does not wait behind one that is for later`() throws {
        let place = try RabbitMQPlace()
        let project = place.project
        let variables = place.variables()
        _ = try project.run("celery-example celeryd --detach -p w.pid -f w.log -c4", with: variables).text
        #expect(try project.run("celery-example apply --countdown 50 example.nothing", with: variables).status == 0)
        // A child that is about to go gives back what it was given last; most rounds meet one.
        for round in 1...8 {
            let script = "celery control pool_restart --timeout 0.2 >/dev/null & celery-example apply example.add 2 3 --wait --timeout 20; wait"
            let ended = try project.run(script, with: variables)
            #expect(ended.output == "5\n", "round \(round): \(ended)")
        }
    }

    /// Slow tasks that do not wait in the queue.
    private func held(_ place: RabbitMQPlace, _ variables: [String: String]) throws -> Int {
        let counts = try place.project.run("celery queues --json", with: variables).lines.map { try JSON(parsing: $0) }
        let ready = counts.first { $0["queue"]?.stringValue == "celery" }?["ready"]?.intValue ?? 0
        return 300 - ready
    }
}
