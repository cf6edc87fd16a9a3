import Testing

extension WorkerTests {
    @Suite struct Stories {
        @Test(arguments: StoryPlace.allCases.flatMap { place in
            WorkerStory.allCases.filter { $0.isTold(at: place) }.map { (place, $0) }
        })
        func `a worker`(_ place: StoryPlace, _ story: WorkerStory) async throws { try await story.prove(on: place) }
    }
}
