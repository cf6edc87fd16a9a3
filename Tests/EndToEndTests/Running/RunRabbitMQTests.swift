import CeleryCore
import Fixtures
import Glibc
import Testing

/// `celery run` where messages pass through a RabbitMQ that others may use.
@Suite(.blocking) struct RunRabbitMQTests {
    private func settings(_ place: RabbitMQPlace) throws -> [String: String] {
        _ = try place.project.run("(umask 077; openssl rand -hex 32 >key)").text
        return [
            "CELERY_COMMAND_KEY": "\(place.project.path)/key", "CELERY_COMMAND_PATTERNS": "sh ...,echo ...,touch ...,true",
            "CELERY_RESULT_BACKEND": "sqlite:///\(place.project.path)/results.db",
        ]
    }

    @Test func `needs a key on both sides and patterns at the worker`() throws {
        let place = try RabbitMQPlace()
        let ended = try place.run("celery run true")
        #expect(ended.status == 77)
        #expect(ended.errors.contains("need a key that both sides know\nhint: name a file with a key in CELERY_COMMAND_KEY"), "\(ended)")
        #expect(!ended.errors.contains("celery-secret"))
        var settings = try settings(place)
        #expect(try place.run("celery run echo good", with: settings).status == 0)
        let id = try place.run("celery run echo good", with: settings).text
        #expect(try place.run("celery celeryd --burst -q", with: settings).status == 0)
        #expect(try place.run("celery result \(id)", with: settings).text == "good")
        settings["CELERY_COMMAND_PATTERNS"] = nil
        let refused = try place.run("celery run touch ran", with: settings).text
        _ = try place.run("celery celeryd --burst -q", with: settings)
        #expect(try place.run("celery result \(refused)", with: settings).errors.contains("this worker runs no commands: CELERY_COMMAND_KEY is set, but not which"))
        #expect(!place.project.exists("ran"))
    }

    @Test func `a signed message that somebody sends again does not run again`() throws {
        let place = try RabbitMQPlace()
        let settings = try settings(place)
        let id = try place.run("celery run --queue copied sh -c 'echo x >>ran'", with: settings).text
        // Anybody who may read the queue has the whole message.
        let got = try place.server.api.expect(
            "POST", "queues/\(place.vhost)/copied/get", body: #"{"count": 1, "ackmode": "ack_requeue_true", "encoding": "base64"}"#)
        let message = try #require(try JSON(parsing: got).arrayValue?.first)
        let properties = try #require(message["properties"]).text(style: .compact)
        let payload = try #require(message["payload"]?.stringValue)
        try place.project.startWorker("-Q copied", with: place.variables().merging(settings) { $1 })
        #expect(try place.run("celery result --wait \(id)", with: settings).status == 0)
        for _ in 0..<3 {
            _ = try place.server.api.expect(
                "POST", "exchanges/\(place.vhost)/amq.default/publish",
                body: #"{"properties": \#(properties), "routing_key": "copied", "payload": "\#(payload)", "payload_encoding": "base64"}"#)
        }
        #expect(eventually { place.project.log.components(of: "was delivered again and is not run") == 3 })
        #expect(place.project.read("ran") == "x\n")
        try place.project.stopWorker()
    }

    @Test func `--after holds messages outside the worker, and over its end`() throws {
        let place = try RabbitMQPlace()
        let settings = try settings(place)
        let all = place.variables().merging(settings) { $1 }
        let first = try place.run("celery run sh -c 'until test -e go; do sleep 0.01; done; echo 1 >>order'", with: settings).text
        let second = try place.run("celery run --after \(first) sh -c 'echo 2 >>order'", with: settings).text
        try place.project.startWorker("-c1", with: all)
        #expect(try eventually { try place.run("celery status \(first)", with: settings).output.contains("STARTED") })
        try place.project.signalWorker(SIGKILL)
        _ = try place.project.run("touch go").text
        try place.project.startWorker("-c1", with: all)
        #expect(try place.run("celery status --wait --timeout 60 \(first) \(second)", with: settings).status == 0)
        #expect(place.project.read("order").hasSuffix("1\n2\n"))
        let bad = try place.run("celery run sh -c 'exit 3'", with: settings).text
        #expect(try place.run("celery run --wait --after \(bad) touch ran", with: settings).status == 125)
        #expect(!place.project.exists("ran"))
        try place.project.stopWorker()
    }

    @Test func `results that only their sender gets are no ground for --after`() throws {
        let place = try RabbitMQPlace()
        let settings = try settings(place).merging(["CELERY_RESULT_BACKEND": "rpc://"]) { $1 }
        let ended = try place.run("celery run --after x true", with: settings)
        #expect(ended.status == 78)
        #expect(ended.errors.contains("cannot tell workers how other tasks ended, which --after needs\nhint: "), "\(ended)")
    }
}

extension String {
    fileprivate func components(of part: String) -> Int { split(separator: part, omittingEmptySubsequences: false).count - 1 }
}
