import Glibc
import Processes
import Testing

@Suite struct FlightRecordTests {
    private func path() -> String { "/tmp/celery-flight-\(UInt64.random(in: 0 ... .max))" }

    @Test func `tells what was begun last in each slot, and whether it ended`() throws {
        let path = path()
        try FlightRecord.create(path)
        defer { unlink(path) }
        #expect(FlightRecord.read(path) == [])
        let file = try FlightRecord.open(path)
        let slots = try [0, 7, FlightRecord.slotCount - 1].map { try FlightRecord(file, slot: $0) }
        // The mapping lives on without the descriptor.
        file.close()
        for (index, slot) in slots.enumerated() { slot.begin(FlightRecord.Entry(tag: Int64(index + 1) << 40, attempt: index + 1)) }
        slots[1].end()
        var ended = FlightRecord.Entry(tag: 2 << 40, attempt: 2)
        ended.hasEnded = true
        #expect(FlightRecord.read(path) == [.init(tag: 1 << 40, attempt: 1), ended, .init(tag: 3 << 40, attempt: 3)])
        slots[1].begin(FlightRecord.Entry(tag: 5, attempt: 9))
        #expect(FlightRecord.read(path)?.dropFirst().first == FlightRecord.Entry(tag: 5, attempt: 9))
    }

    @Test func `one that is not there, or is cut off, tells nothing`() throws {
        let path = path()
        #expect(FlightRecord.read(path) == nil)
        try FlightRecord.create(path)
        defer { unlink(path) }
        #expect(truncate(path, 100) == 0)
        #expect(FlightRecord.read(path) == nil)
        #expect(throws: SystemError.self) { try FlightRecord.create("/nowhere/at/all") }
    }
}
