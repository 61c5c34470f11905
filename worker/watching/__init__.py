"""What an operator watches: what is wrong and what to do, who works now, and the figures of the metrics."""
