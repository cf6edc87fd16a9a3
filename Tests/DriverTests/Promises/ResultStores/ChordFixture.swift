/// A place where chords are counted in Python's records.
protocol ChordFixture: ResultStoreFixture {
    /// What a Python client does before it sends the members.
    func beginChord(_ group: String, of members: [String]) async throws

    /// Has the claim to send the body run out, as that of a worker that died does.
    func dropClaim(to group: String) async throws
}
