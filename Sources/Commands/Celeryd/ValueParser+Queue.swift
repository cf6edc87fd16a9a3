import Arguments
import Configuration

extension ValueParser where Value == String {
    /// The name of a queue, with its weight after an equals sign if it has another than 1.
    static var weightedQueue: Self {
        Self { (text) throws(InvalidValue) in
            guard !text.isEmpty else { throw InvalidValue("is empty") }
            if let weight = QueueEntry.impossibleWeight(in: text) {
                throw InvalidValue("has the weight \(weight), which must be from 1 to 1000")
            }
            return text
        }
    }
}
