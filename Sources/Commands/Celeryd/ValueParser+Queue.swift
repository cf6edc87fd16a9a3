import Arguments
import Configuration

extension ValueParser where Value == String {
    /// The name of a queue, with its weight after an equals sign if it has another than 1.
    static var weightedQueue: Self {
        Self { (text) throws(InvalidValue) in
            guard !text.isEmpty else { throw InvalidValue("is empty") }
            if text.contains("="), !QueueEntry.hasPossibleWeight(text) {
                throw InvalidValue("has no weight from 1 to 1000 after the '='")
            }
            return text
        }
    }
}
