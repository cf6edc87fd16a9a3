package import CeleryCore
import CeleryDB

extension SQLiteBroker: LossTelling {
    package func lostWorkers() async throws -> LostWorkers {
        let now = self.now()
        let entries = try await file.read { try WorkerTable.all(in: $0) }
        let lost = entries.filter { isDead($0.row, now: now) }.map { worker in
            // No worker has noticed it yet: perhaps there is none.
            let lastSign = Timestamp(seconds: worker.row.leaseUntil - worker.row.leaseLength)
            return LostWorker(
                name: worker.row.name, pid: worker.pid, queues: worker.queues, started: worker.started, lost: worker.row.lost ?? lastSign)
        }
        return LostWorkers(lost.filter { $0.lost + LostWorkers.period > now })
    }
}
