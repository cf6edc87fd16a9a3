import CeleryCore
import Testing

/// `client.dmap` of a Swift task, with messages in RabbitMQ.
@Suite(.blocking) struct RabbitMQMapTests {
    @Test(arguments: ["classic", "quorum"])
    func `a task maps another over many inputs, and leaves nothing behind`(_ type: String) throws {
        let place = try RabbitMQPlace()
        let variables = place.variables().merging(["CELERY_DEFAULT_QUEUE_TYPE": type]) { $1 }
        _ = try place.project.run("celery-example celeryd --detach -p w.pid -f w.log -c2", with: variables).text
        #expect(try place.project.run("celery-example apply example.spread 200 --wait", with: variables) == Ended("20100\n"))
        #expect(try place.project.run("celery list --json | jq -r .task", with: variables).lines == ["example.spread"])
        #expect(try place.project.run("celery queues --json | jq .ready", with: variables).lines.first == "0")
    }
}
