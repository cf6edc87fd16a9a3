import CeleryCore
import CeleryDB
import Glibc
import Processes

// Flight records are files beside the database: `celery.db-flight-WORKER`.
extension SQLiteBroker {
    private var flightPrefix: String { file.path + "-flight-" }

    func flightRecord(of worker: String) -> String { flightPrefix + worker }

    func dropFlightRecord(of worker: String) { unlink(flightRecord(of: worker)) }

    /// Removes the records of workers that are gone.
    func dropFlightRecords(sparing workers: Set<String>) {
        let prefix = flightPrefix
        let folder = prefix.lastIndex(of: "/").map { String(prefix[...$0]) } ?? "./"
        let start = prefix.split(separator: "/").last.map(String.init) ?? prefix
        for name in FolderNames.of(folder) where name.hasPrefix(start) && !workers.contains(String(name.dropFirst(start.count))) {
            unlink(folder + name)
        }
    }

    /// What a worker considered dead had begun.
    func begun(by worker: OtherWorker) -> LeaseTable.Begun {
        // The worker was stopped, or hangs: none of its tasks has lost its process.
        if processLives(worker.process) == true { return .nothing }
        return FlightRecord.read(flightRecord(of: worker.id)).map(LeaseTable.Begun.these) ?? .unknown
    }
}

extension SQLiteConsumer: FlightRecording {
    func makeFlightRecord() -> String? {
        let path = broker.flightRecord(of: identity.id)
        do {
            try FlightRecord.create(path)
            return path
        } catch {
            return nil
        }
    }
}
