import CeleryCore
import Testing

@testable import Commands

@Suite struct SetupPlanTests {
    private static let queue = BrokerSurvey.Queue(type: "classic", isDurable: true, isAutoDelete: false, isExclusive: false, arguments: [])

    private func wish(_ password: SetupWish.Password = .generated(Secret("new")), quorum: Bool = false) -> SetupWish {
        SetupWish(user: "u", vhost: "v", password: password, queues: [QueueDefinition("celery", type: quorum ? .quorum : .classic)], isQuorum: quorum)
    }

    /// A broker that has all of it.
    private func complete() -> BrokerSurvey {
        var survey = BrokerSurvey()
        survey.userTags = []
        survey.hasVirtualHost = true
        survey.permissions = AccessPatterns(names: ["celery"])
        for exchange in wish().objects.exchanges {
            survey.exchanges[exchange.name] = BrokerSurvey.Exchange(type: exchange.type, isDurable: true, isAutoDelete: false)
        }
        survey.queues["celery"] = Self.queue
        survey.bindings = Set(wish().objects.bindings)
        return survey
    }

    private func mistake(_ wish: SetupWish, _ survey: BrokerSurvey) throws -> CommandError {
        try #require(throws: CommandError.self) { try SetupPlan(wish, at: survey) }
    }

    @Test func `from nothing, the user comes after what may fail`() throws {
        let plan = try SetupPlan(wish(), at: BrokerSurvey())
        #expect(plan.steps == [
            .createVirtualHost("v"), .declare(wish().objects, vhost: "v"), .createUser("u", Secret("new")),
            .setPermissions(user: "u", vhost: "v", AccessPatterns(names: ["celery"])),
        ])
        #expect(plan.steps == SetupPlan(wish()).steps)
        #expect(plan.items.map { "\($0.object) \($0.name) \($0.state.rawValue)" } == [
            "virtual host v created", "exchange celery created", "exchange celeryev created",
            "exchange celeryresults created", "queue celery created", "user u created", "permissions u created",
        ])
        #expect(plan.password?.text == "new")
    }

    @Test func `does nothing where all is there, and does not know the password`() throws {
        let plan = try SetupPlan(wish(), at: complete())
        #expect(plan.steps.isEmpty)
        #expect(Set(plan.items.map(\.state)) == [.present])
        #expect(plan.items.count == 7)
        #expect(plan.password == nil)
    }

    @Test func `changes a password only when it is given, and keeps the tags`() throws {
        var survey = complete()
        survey.userTags = ["management", "policymaker"]
        let given = try SetupPlan(wish(.given(Secret("p"))), at: survey)
        #expect(given.steps == [.changePassword("u", Secret("p"), tags: ["management", "policymaker"])])
        #expect(given.items.filter { $0.state == .changed }.map(\.detail) == ["password set"])
        let known = try SetupPlan(wish(.fromSettings(Secret("p"))), at: survey)
        #expect(known.steps.isEmpty)
        #expect(known.password?.text == "p")
    }

    @Test func `makes only what is missing`() throws {
        var survey = complete()
        survey.exchanges["celeryev"] = nil
        survey.bindings = []
        let plan = try SetupPlan(wish(), at: survey)
        let missing = BrokerObjects(
            exchanges: [BrokerObjects.Exchange(name: "celeryev", type: "topic")],
            bindings: [BrokerObjects.Binding(exchange: "celery", queue: "celery", routingKey: "celery")])
        #expect(plan.steps == [.declare(missing, vhost: "v")])
        #expect(plan.items.filter { $0.state == .created }.map(\.object) == ["exchange", "binding"])
    }

    @Test func `replaces other permissions, and says what they were`() throws {
        var survey = complete()
        survey.permissions = AccessPatterns(configure: "", write: ".*", read: "it's")
        let plan = try SetupPlan(wish(), at: survey)
        #expect(plan.steps == [.setPermissions(user: "u", vhost: "v", AccessPatterns(names: ["celery"]))])
        #expect(plan.items.last?.detail == #"they were '' '.*' 'it'\''s'"#)
    }

    @Test func `refuses a queue of another type`() throws {
        let error = try mistake(wish(quorum: true), complete())
        #expect(error.status == 65)
        #expect(error.message == "queue 'celery' on virtual host 'v' is a classic queue, not a quorum one; nothing was changed")
        #expect(error.hint?.contains("rabbitmqctl delete_queue -p v celery") == true)
        #expect(error.hint?.hasSuffix("or leave out --quorum") == true)
        var survey = complete()
        survey.queues["celery"]?.type = "quorum"
        #expect(try SetupPlan(wish(quorum: true), at: survey).steps.isEmpty)
        #expect(try mistake(wish(), survey).hint?.hasSuffix(#"or set CELERY_DEFAULT_QUEUE_TYPE = "quorum""#) == true)
    }

    @Test func `refuses queues and exchanges that would not last`() throws {
        var survey = complete()
        survey.queues["celery"]?.isDurable = false
        survey.queues["celery"]?.isAutoDelete = true
        #expect(try mistake(wish(), survey).message.contains("is not durable, and deleted with its last consumer;"))
        survey = complete()
        survey.exchanges["celery"]?.type = "topic"
        #expect(try mistake(wish(), survey).message == "exchange 'celery' on virtual host 'v' is of type topic, not direct; nothing was changed")
    }

    @Test func `tells of arguments that workers must know`() throws {
        var survey = complete()
        survey.queues["celery"] = BrokerSurvey.Queue(
            ["type": "classic", "durable": true, "auto_delete": false, "arguments": [["x-max-length", "long", 10]]])
        let plan = try SetupPlan(wish(), at: survey)
        #expect(plan.steps.isEmpty)
        #expect(plan.items.first { $0.object == "queue" }?.detail == "with x-max-length=10, which workers must also declare")
    }

    @Test func `refuses a queue with other priorities`() throws {
        var survey = complete()
        survey.queues["celery"]?.maxPriority = 5
        let error = try mistake(wish(), survey)
        #expect(error.message.contains("is with priorities up to 5, not without priorities;"))
        #expect(error.hint?.hasSuffix("CELERY_QUEUE_MAX_PRIORITY = 5") == true)
        var wish = wish()
        wish.queues = [QueueDefinition("celery", maxPriority: 5)]
        #expect(try SetupPlan(wish, at: survey).steps.isEmpty)
        #expect(wish.objects.queues[0].arguments == ["x-max-priority": 5])
    }

    @Test func `reads a queue as both ways describe it`() {
        let quorum = BrokerSurvey.Queue(type: "quorum", isDurable: true, isAutoDelete: false, isExclusive: false, arguments: ["x-max-length=5"])
        let rows: [JSON] = [
            // rabbitmqctl list_queues
            [
                "name": "celery", "type": "quorum", "durable": true, "auto_delete": false, "exclusive": "",
                "arguments": [["x-queue-type", "longstr", "quorum"], ["x-max-length", "long", 5]],
            ],
            // GET /api/queues/...
            [
                "name": "celery", "type": "quorum", "durable": true, "auto_delete": false, "exclusive": false,
                "arguments": ["x-max-length": 5, "x-queue-type": "quorum"],
            ],
            // before 3.8 there was no type
            ["durable": true, "auto_delete": false, "arguments": ["x-max-length": 5, "x-queue-type": "quorum"]],
        ]
        for row in rows { #expect(BrokerSurvey.Queue(row) == quorum) }
        #expect(BrokerSurvey.Queue(["durable": true, "arguments": []]) == Self.queue)
    }

    @Test func `gives each queue an exchange, and no name twice`() {
        let names = ["celery", "images", "celery"]
        let objects = BrokerObjects.wanted(names.map { QueueDefinition($0, type: .quorum) })
        #expect(objects.exchanges.map(\.name) == ["celery", "images", "celeryev", "celeryresults"])
        #expect(objects.queues.map(\.name) == ["celery", "images"])
        #expect(Set(objects.queues.map(\.type)) == ["quorum"])
        #expect(objects.bindings.map(\.routingKey) == ["celery", "images"])
    }

    @Test func `binds queues as CELERY_QUEUES says, and allows what that takes`() {
        var big = QueueDefinition("big", maxPriority: 3)
        (big.exchange, big.exchangeType, big.routingKey) = ("images", "topic", "images.big.#")
        var small = QueueDefinition("small")
        (small.exchange, small.exchangeType, small.routingKey) = ("images", "topic", "images.small")
        var plain = QueueDefinition("plain")
        plain.exchange = ""
        var wish = wish()
        wish.queues = [big, small, plain]
        #expect(wish.objects.exchanges.map { "\($0.name) \($0.type)" } == ["images topic", "celeryev topic", "celeryresults direct"])
        #expect(wish.objects.queues.map(\.name) == ["big", "small", "plain"])
        #expect(wish.objects.bindings.map { "\($0.exchange) \($0.routingKey) \($0.queue)" } == ["images images.big.# big", "images images.small small"])
        #expect(wish.permissions.write.contains("|celery|big|images|small|plain|"))
    }
}
