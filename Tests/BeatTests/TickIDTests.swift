import CeleryCore
import Testing

@testable import Beat

@Suite struct TickIDTests {
    private let due = Timestamp(seconds: 1_772_366_400)

    @Test func `is the same for the same run, in every process and version`() {
        #expect(TickID.make(beat: "celery", entry: "tidy", due: due) == TickID.make(beat: "celery", entry: "tidy", due: due))
        // Written down, for a change of it would send runs twice after an upgrade.
        #expect(TickID.make(beat: "celery", entry: "tidy", due: due).text == "4282ff29-9fb3-8d08-b0a3-0d17356453f8")
    }

    @Test func `is a UUID of version 8`() throws {
        let text = TickID.make(beat: "celery", entry: "tidy", due: due).text
        let parts = text.split(separator: "-")
        #expect(parts.map(\.count) == [8, 4, 4, 4, 12])
        #expect(parts[2].first == "8" && "89ab".contains(parts[3].first!))
        #expect(text.allSatisfy { $0.isHexDigit && !$0.isUppercase || $0 == "-" })
    }

    @Test func `differs between runs, entries and beats`() {
        var seen = Set<TaskID>()
        var count = 0
        for beat in ["celery", "celer", "celeryt", ""] {
            for entry in ["tidy", "idy", "y", "ytidy", "tidy2"] {
                for step in 0..<500 {
                    seen.insert(TickID.make(beat: beat, entry: entry, due: due + .seconds(step)))
                    count += 1
                }
            }
        }
        #expect(seen.count == count)
    }
}
