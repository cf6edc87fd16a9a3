import CeleryCore
import Client

/// What the parts of a dmap report to `DmapRun`.
enum DmapEvent: Sendable {
    /// The reader has items.
    case read(ItemReader.Batch)
    /// The broker has these items.
    case sent(count: Int)
    /// The broker refused items, or did not confirm them.
    case notSent([DmapItem], any Error)
    /// Results have arrived.
    case news(MemberFollower.News)
    /// The writer has written the results of these tasks.
    case written([TaskID])
    /// The writer cannot write.
    case notWritten(any Error)
    /// Printed results were deleted from the store.
    case forgotten
    /// These tasks were withdrawn.
    case withdrawn([TaskID])
    /// The rest was revoked, running tasks included.
    case revoked
    /// A signal asks to stop.
    case interrupted(Int32)
    /// The reader of the results went away.
    case outputClosed
    /// The time of `--timeout` is over.
    case timedOut
    /// The local pool has stopped, as asked.
    case poolStopped
    /// It is time to look at the clock.
    case tick
    /// A part cannot go on.
    case failed(any Error)
}
