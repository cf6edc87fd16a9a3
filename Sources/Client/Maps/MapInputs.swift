import CeleryCore

/// What takes the inputs of a map, as many as it has room for.
protocol MapFeeding: Actor {
    /// Waits for room; returns for how many inputs there is, 0 when no more are wanted.
    func room() async -> Int

    /// Takes the next input.
    func take(_ arguments: TaskArguments) async
}

/// The inputs of a map, read from the beginning by each iteration.
struct MapInputs: Sendable {
    /// Reads inputs to their end, or until no more are wanted.
    ///
    /// - Throws: What the inputs throw, and errors of encoding one.
    let feed: @Sendable (any MapFeeding) async throws -> Void

    init<Inputs: AsyncSequence & Sendable>(
        _ inputs: Inputs, encode: @escaping @Sendable (Inputs.Element) throws -> TaskArguments
    ) {
        feed = { map in
            var iterator = inputs.makeAsyncIterator()
            while true {
                let room = await map.room()
                guard room > 0 else { return }
                for _ in 0..<room {
                    guard let input = try await iterator.next() else { return }
                    await map.take(try encode(input))
                }
            }
        }
    }

    init<Inputs: Sequence & Sendable>(_ inputs: Inputs, encode: @escaping @Sendable (Inputs.Element) throws -> TaskArguments) {
        self.init(Passing(inputs: inputs), encode: encode)
    }

    /// A sequence whose elements are there already.
    private struct Passing<Inputs: Sequence & Sendable>: AsyncSequence, Sendable {
        let inputs: Inputs

        func makeAsyncIterator() -> Iterator { Iterator(elements: inputs.makeIterator()) }

        struct Iterator: AsyncIteratorProtocol {
            var elements: Inputs.Iterator

            mutating func next() async -> Inputs.Element? { elements.next() }
        }
    }
}
