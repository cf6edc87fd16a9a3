import CeleryCore
import Schedules
import Testing

@testable import Beat

/// When the runs of an entry fail, one after the other.
@Suite struct FailuresTests {
    private let noon = EntryPlanTests.noon

    private func run(_ number: Int) -> EntryRun {
        let time = noon + .seconds(60 * number)
        return EntryRun(id: TaskID("\(number)"), due: time, sent: time)
    }

    /// A record whose runs have ended in these states; `nil` is the end of a run that nobody knows.
    private func ended(_ states: [TaskState?], in entry: Entry) -> EntryRecord {
        var record = EntryPlanTests.record(entry, handled: noon)
        record.open = states.indices.map(run)
        record.sentCount = states.count
        let findings = states.enumerated().map { (TaskID("\($0)"), RunLookup.Finding.ended($1, at: noon + .seconds(60 * $0 + 5))) }
        record.note(Dictionary(uniqueKeysWithValues: findings))
        return record
    }

    @Test(arguments: [
        ([], 0, false), ([.success], 0, false), ([.failure], 1, true), ([.success, .failure], 1, false), ([.success, .failure, .revoked], 2, true),
        ([.failure, .failure, .success], 0, false), ([.failure, .success, .failure], 1, false), ([.failure, nil], 0, false), ([nil, .failure], 1, false),
    ] as [([TaskState?], Int, Bool)])
    func `an entry is failing when its last two runs failed, or all of them`(_ states: [TaskState?], _ count: Int, _ isFailing: Bool) throws {
        let entry = try EntryPlanTests.entry()
        let record = ended(states, in: entry)
        #expect(record.failures == count && entry.isFailing(record) == isFailing && record.open.isEmpty)
        #expect(EntryRecord(json: record.json) == record)
    }

    @Test func `each entry says how many failures are too many`() throws {
        let never = try EntryPlanTests.entry { $0.alarmAfter = 0 }
        let patient = try EntryPlanTests.entry { $0.alarmAfter = 3 }
        #expect(!never.isFailing(ended([.failure, .failure], in: never)))
        #expect(!patient.isFailing(ended([.success, .failure, .failure], in: patient)))
        #expect(patient.isFailing(ended([.success, .failure, .failure, .failure], in: patient)))
        // Another run may still succeed, but those that ended all failed.
        var record = ended([.failure], in: patient)
        record.sentCount = 2
        record.open = [run(1)]
        #expect(patient.isFailing(record))
    }

    @Test func `runs count in the order in which they ended`() throws {
        let entry = try EntryPlanTests.entry()
        var record = EntryPlanTests.record(entry, handled: noon)
        record.open = [run(0), run(1)]
        record.note([TaskID("0"): .ended(.failure, at: noon + .seconds(900)), TaskID("1"): .ended(.success, at: noon + .seconds(70))])
        #expect(record.failures == 1)
    }
}
