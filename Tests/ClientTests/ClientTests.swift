import Brokers
import CeleryCore
import Client
import Tasks
import Testing
import Wire

/// Submitting tasks from a Swift program.
@Suite struct ClientTests {
    @Test func `a task by its name goes to the default queue, with its arguments`() async throws {
        let fixture = ClientFixture { $0.defaultQueue = "main" }
        let result = try await fixture.client.send("app.add", args: [1, 2], kwargs: ["carry": true])
        let message = try #require(try await fixture.sent(to: "main").first)
        #expect(message.id == result.id && message.task == "app.add")
        let arguments = try BodyCodec.decode(message.body)
        #expect(arguments.args == [1, 2] && arguments.kwargs == ["carry": true])
        #expect(message.rootID == message.id && message.parentID == nil)
    }

    @Test func `a Swift task brings its own options, which those of the call replace`() async throws {
        let fixture = ClientFixture()
        _ = try await Press(text: "a").delay(using: fixture.client)
        let own = try #require(try await fixture.sent(to: "paper").first)
        #expect(own.task == "press" && own.priority == 7)
        let arguments = try BodyCodec.decode(own.body)
        #expect(arguments.args == ["a", nil] && arguments.kwargs == [:])

        var options = SendOptions()
        options.id = TaskID("mine")
        options.queue = "linen"
        options.priority = 1
        options.maxRetries = 2
        let before = Timestamp.now
        options.countdown(.seconds(60))
        _ = try await Press(text: "b").applyAsync(using: fixture.client, options: options)
        let location = try #require(await fixture.broker.locate([TaskID("mine")])[TaskID("mine")])
        #expect(location.queue == "linen")
        let eta = try #require(location.eta)
        #expect(eta >= before + .seconds(60) && eta < before + .seconds(90))
    }

    @Test func `what a task submits knows whose child it is`() async throws {
        let fixture = ClientFixture(environment: ["CELERY_TASK_ID": "parent", "CELERY_ROOT_ID": "root"])
        _ = try await fixture.client.send("t")
        let message = try #require(try await fixture.sent().first)
        #expect(message.parentID == TaskID("parent") && message.rootID == TaskID("root"))
        // An empty variable is none.
        let empty = ClientFixture(environment: ["CELERY_TASK_ID": "", "CELERY_ROOT_ID": ""])
        let id = try await empty.client.send("t").id
        let orphan = try #require(try await empty.sent().first)
        #expect(orphan.parentID == nil && orphan.rootID == id)
    }

    @Test func `an id that is in use is refused, and nothing is sent`() async throws {
        let fixture = ClientFixture()
        var options = SendOptions()
        options.id = TaskID("twice")
        _ = try await fixture.client.send("t", options: options)
        await #expect(throws: DriverError.self) { try await fixture.client.send("other", options: options) }
        #expect(try await fixture.sent().map(\.task) == ["t"])
    }
}
