import CeleryCore

/// Tasks that are sent again together with tasks that they come after (`celery run --after`).
enum RenewedPrerequisites {
    /// An ended task, and the message that repeats it.
    typealias Repetition = (old: TaskID, new: Message)

    /// The repetitions, whose prerequisites have their new ids. Each is sent after its prerequisites, since a worker does not wait for
    /// tasks that nobody knows. Prerequisites that are not sent again keep their ids.
    ///
    /// - Parameter renewed: The new ids of tasks that were sent before.
    static func applied(to tasks: [Repetition], renewed: [TaskID: TaskID] = [:]) -> [Repetition] {
        let places = Dictionary(tasks.indices.map { (tasks[$0].old, $0) }) { first, _ in first }
        guard tasks.contains(where: { Prerequisites.of($0.new).contains { places[$0] != nil || renewed[$0] != nil } }) else { return tasks }
        var ordered: [Repetition] = []
        var isPlaced = Array(repeating: false, count: tasks.count)
        func place(_ index: Int) {
            guard !isPlaced[index] else { return }
            isPlaced[index] = true
            let earlier = Prerequisites.of(tasks[index].new)
            for id in earlier { places[id].map(place) }
            var (old, new) = tasks[index]
            if !earlier.isEmpty {
                Prerequisites.write(earlier.map { id in places[id].map { tasks[$0].new.id } ?? renewed[id] ?? id }, to: &new)
            }
            ordered.append((old, new))
        }
        for index in tasks.indices { place(index) }
        return ordered
    }
}
