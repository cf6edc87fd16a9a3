/// How a worker stops.
package enum Shutdown: Sendable, Comparable {
    /// Finish running tasks, requeue the others.
    case warm
    /// Kill running tasks, requeue all.
    case cold
}
