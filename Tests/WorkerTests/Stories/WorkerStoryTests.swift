import Testing

extension WorkerTests {
    @Suite struct Stories {
        @Test(arguments: StoryPlace.allCases, WorkerStory.allCases)
        func `a worker`(_ place: StoryPlace, _ story: WorkerStory) async throws { try await story.prove(on: place) }
    }
}
