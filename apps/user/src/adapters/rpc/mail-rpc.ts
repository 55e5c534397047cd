import { Injectable } from '@nestjs/common';
import type {
  ChangeEmailRequest, ConfirmEmailRequest, ForgotPasswordRequest, ResendVerificationRequest, ResetPasswordRequest, VerifyEmailRequest,
} from '@libs/contracts/gen/exchange/user/v1/user_pb';
import { type CallContext, userOf } from '@libs/rpc/call-context';
import { ChangeEmail } from '../../application/change-email';
import { ConfirmEmail } from '../../application/confirm-email';
import { ForgotPassword } from '../../application/forgot-password';
import { ResendVerification } from '../../application/resend-verification';
import { ResetPassword } from '../../application/reset-password';
import { VerifyEmail } from '../../application/verify-email';

/** What goes by way of somebody's mailbox. */
@Injectable()
export class MailRpc {
  constructor(
    private readonly verifying: VerifyEmail,
    private readonly resending: ResendVerification,
    private readonly forgetting: ForgotPassword,
    private readonly resetting: ResetPassword,
    private readonly changing: ChangeEmail,
    private readonly confirming: ConfirmEmail,
  ) {}

  async verifyEmail({ token }: VerifyEmailRequest) {
    await this.verifying.execute(token);
    return {};
  }

  async resendVerification(_: ResendVerificationRequest, call: CallContext) {
    await this.resending.execute(userOf(call).id);
    return {};
  }

  async forgotPassword({ email }: ForgotPasswordRequest) {
    await this.forgetting.execute(email);
    return {};
  }

  async resetPassword({ token, newPassword }: ResetPasswordRequest) {
    await this.resetting.execute(token, newPassword);
    return {};
  }

  async changeEmail({ currentPassword, newEmail }: ChangeEmailRequest, call: CallContext) {
    await this.changing.execute(userOf(call).id, currentPassword, newEmail);
    return {};
  }

  async confirmEmail({ token }: ConfirmEmailRequest) {
    return { changed: await this.confirming.execute(token) };
  }
}
