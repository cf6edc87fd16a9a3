package import CeleryCore
import Wire

extension MemoryBroker: WorkerAsking {
    package func ask(
        _ requests: [ControlRequest], of workers: WorkerChoice, within limit: Duration
    ) async throws -> WorkerAnswers {
        var result = WorkerAnswers(count: requests.count)
        let asked = chosen(workers)
        var open = requests.indices.flatMap { index in asked.map { (index, $0.worker.name) } }
        await withTaskGroup(of: (Int, String, JSON?)?.self) { group in
            for (index, request) in requests.enumerated() {
                for worker in asked { group.addTask { (index, worker.worker.name, await worker.answer(request)) } }
            }
            group.addTask {
                try? await Task.sleep(for: limit)
                return nil
            }
            while !open.isEmpty, let next = await group.next(), let (index, name, value) = next {
                guard let value else { continue }
                open.removeAll { $0 == (index, name) }
                result.answers[index].append(WorkerAnswers.Answer(worker: name, value: value))
            }
            group.cancelAll()
        }
        let names = Set(asked.map(\.worker.name))
        result.silent = (open.map(\.1) + (workers.names ?? []).filter { !names.contains($0) }).distinct.sorted()
        return result
    }

    package func tell(_ request: ControlRequest, to workers: WorkerChoice) async throws {
        for worker in chosen(workers) { _ = await worker.answer(request) }
    }

    private func chosen(_ workers: WorkerChoice) -> [MemoryConsumer] {
        let message = ControlMessage(ControlRequest(method: ""), to: workers)
        return consumers.values.filter { message.isFor($0.worker.name) }.sorted { $0.worker.name < $1.worker.name }
    }
}
