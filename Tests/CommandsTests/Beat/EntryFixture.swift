import Beat
import CeleryCore
import Schedules
import Wire

/// Made-up entries of beat.
enum EntryFixture {
    static func entry(_ name: String, every seconds: Double, jitter: Double = 0, expectWithin: Double? = nil) throws -> Entry {
        var periodic = PeriodicOptions(try Schedule(every: .seconds(seconds)), jitter: Jitter(upTo: .seconds(jitter)))
        periodic.expectWithin = expectWithin.map { .seconds($0) }
        return Entry(
            name: name, message: Message(id: TaskID(""), task: "t.\(name)", body: BodyCodec.encode(TaskArguments(args: [], kwargs: [:]))), periodic: periodic, source: "test")
    }

    static func record(_ entry: Entry, handled: Double) -> EntryRecord {
        var record = EntryRecord(
            name: entry.name, schedule: entry.periodic.schedule.description, since: Timestamp(seconds: 0))
        record.handled = Timestamp(seconds: handled)
        return record
    }
}
