import RabbitMQ
import ResultStores
import Testing

@testable import Commands

@Suite struct AccessPatternsTests {
    static let uuid = "0b5c9a7e-1d2f-4e3a-8b4c-5d6e7f8091a2"
    static let hexadecimal = "0b5c9a7e1d2f4e3a8b4c5d6e7f8091a2"

    private func matches(_ pattern: String, _ name: String) throws -> Bool {
        try Regex(pattern).wholeMatch(in: name) != nil
    }

    @Test(arguments: [
        "celery", "images", "mail.urgent", "celeryev", "celeryev.\(uuid)", "celery.events", "celery.lost", "celery.pidbox", "reply.celery.pidbox",
        "w1@host.example.celery.pidbox", "\(uuid).reply.celery.pidbox", "celeryresults", hexadecimal,
        "celery_delayed_0", "celery_delayed_9", "celery_delayed_10", "celery_delayed_27", "celery_delayed_delivery",
    ])
    func `allows everything with what workers share`(_ name: String) throws {
        let patterns = AccessPatterns(names: ["images", "mail.urgent"])
        for pattern in [patterns.configure, patterns.write, patterns.read] { #expect(try matches(pattern, name)) }
    }

    @Test(arguments: [
        uuid, "celery.reply.\(uuid)", "celery.reply.\(hexadecimal)", ReplyMailbox(owner: "somebody", expires: 60).queue.name,
        "celery.beat.celery", "celery.beat.celery.orders", "celery.beat.celery.lock", "celery.beat.größe",
    ])
    func `allows to make and read queues of replies and of beats, and not to bind them`(_ name: String) throws {
        let patterns = AccessPatterns(names: [])
        #expect(try matches(patterns.configure, name))
        #expect(try matches(patterns.read, name))
        #expect(try !matches(patterns.write, name))
    }

    @Test func `allows to publish to the default exchange`() throws {
        let patterns = AccessPatterns(names: ["celery"])
        #expect(try matches(patterns.write, "amq.default"))
        #expect(try !matches(patterns.configure, "amq.default"))
        #expect(try !matches(patterns.read, "amq.default"))
    }

    @Test(arguments: [
        "", "celery2", "xcelery", "Celery", "image", "images2", "mailXurgent", "amq.direct", "amq.topic", "amq.gen-abc", "amqXdefault",
        "celeryev.", "celeryev.x", "celeryevX\(uuid)", "celeryXpidbox", ".celery.pidbox", "x.celery.pidbox.y", "celeryresults2",
        "celery_delayed_", "celery_delayed_28", "celery_delayed_100", "celery_delayed_-1", "celery_delayed_00",
        "celery.reply.", "celery.reply.x", "celery.reply.\(hexadecimal)0", "\(uuid)0", "x\(uuid)", hexadecimal + "0", String(hexadecimal.dropLast()),
        hexadecimal.uppercased(), "secret", "celery.beat", "celery.beat.", "celeryXbeat.x", "x.celery.beat.x", "celery|images", "celery\nsecret",
    ])
    func `allows nothing else`(_ name: String) throws {
        let patterns = AccessPatterns(names: ["images", "mail.urgent"])
        for pattern in [patterns.configure, patterns.write, patterns.read] { #expect(try !matches(pattern, name), "\(pattern)") }
    }

    @Test(arguments: ["a.b", "a+b", "(a)", "[a]", "a|b", "{1}", "a*", "a?", "$a", "^a", "a\\b", "a-b_c@d:e/f", "größe"])
    func `takes the name of a queue literally`(_ name: String) throws {
        let pattern = AccessPatterns.literal(name)
        #expect(try matches(pattern, name))
        for other in ["", "a", "aXb", "aab", "b", "\(name)x", "x\(name)"] { #expect(try !matches(pattern, other)) }
        #expect(try matches(AccessPatterns(names: [name]).read, name))
    }

    @Test func `is short enough to be read`() {
        let patterns = AccessPatterns(names: ["celery"])
        let bound = "celery|celeryev([.]UUID)?|celery[.](events|lost)|(.+[.])?celery[.]pidbox|celeryresults|[0-9a-f]{32}|celery_delayed_([0-9]|1[0-9]|2[0-7]|delivery)|celery[.]dead([.]lock)?"
        func short(_ pattern: String) -> String {
            pattern.replacing("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", with: "UUID")
        }
        #expect(short(patterns.configure) == "^(\(bound)|(celery[.]reply[.])?UUID|celery[.]reply[.][0-9a-f]{32}|celery[.]beat[.].+|celery[.](orders|statistics))$")
        #expect(short(patterns.write) == "^(amq[.]default|\(bound))$")
        #expect(short(patterns.read) == short(patterns.configure))
    }
}
